//! Values that points share: each is made once, by whoever comes first, and only the latest are kept.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

/// Values made once and shared; of those that are not in use, the latest `most`.
pub(crate) struct Shared<K, V> {
    kept: Mutex<Kept<K, V>>,
    most: usize,
}

/// Values by key, with the time of their last use.
struct Kept<K, V> {
    values: HashMap<K, (Arc<OnceLock<V>>, u64)>,
    clock: u64,
}

impl<K: Hash + Eq + Clone + Ord, V> Shared<K, V> {
    pub(crate) fn new(most: usize) -> Self {
        Self { kept: Mutex::new(Kept { values: HashMap::new(), clock: 0 }), most }
    }

    /// The cell of a key; whoever comes first fills it.
    pub(crate) fn cell(&self, key: &K) -> Arc<OnceLock<V>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.clock += 1;
        let now = kept.clock;
        let (cell, used) = kept.values.entry(key.clone()).or_insert_with(|| (Arc::new(OnceLock::new()), now));
        *used = now;
        let cell = Arc::clone(cell);
        while kept.values.len() > self.most {
            let oldest =
                kept.values.iter().min_by_key(|(key, (_, used))| (*used, (*key).clone())).map(|(k, _)| k.clone());
            kept.values.remove(&oldest.expect("there are more than none"));
        }
        cell
    }
}
