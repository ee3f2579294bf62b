//! Labels in a file of their own: one number per sample, or numbers by sample.
//!
//! ```text
//! labels.npy   one whole number per sample         labels.txt   one whole number per line
//! labels.csv   a column `label`, one line per sample; with a column `sample`, the label of the sample of this number
//! ```

use super::{Opened, Recording, array, refuse};
use crate::error::DataError;
use crate::own;
use std::{collections::BTreeMap, path::Path};

/// Labels as they were read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Labels {
    /// In the order of the samples.
    InOrder(Vec<u32>),
    /// By the samples' numbers.
    ByNumber(BTreeMap<u64, u32>),
}

const REMEDY: &str = "Give one whole number per sample, as .npy, as lines of text, or as .csv with the columns `label` or `sample,label`.";

impl Labels {
    /// The labels in a file.
    ///
    /// # Errors
    /// If it holds none.
    pub fn read(path: &Path) -> Result<Self, DataError> {
        let bytes = own::read(path)?;
        let fail = |why: String| refuse(path, "", why, REMEDY);
        if bytes.starts_with(b"\x93NUMPY") {
            let array::Content::Dense(array) = array::npy(&bytes, path, "")? else {
                return Err(fail("holds events, not labels".into()));
            };
            let labels = array.values.whole().filter(|_| array.shape.len() == 1);
            return labels.map(Self::InOrder).ok_or_else(|| fail("is no list of whole numbers".into()));
        }
        let text = std::str::from_utf8(&bytes).map_err(|_| fail("is neither text nor an array of numpy".into()))?;
        Self::of_text(text).map_err(|(line, why)| refuse(path, format!("line {line}"), why, REMEDY))
    }

    fn of_text(text: &str) -> Result<Self, (usize, String)> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut lines = text.lines().map(str::trim).enumerate().filter(|(_, line)| !line.is_empty()).peekable();
        let mut columns = vec!["label".to_owned()];
        if let Some((_, first)) = lines.peek()
            && first.parse::<u32>().is_err()
        {
            let header = first.split(',').map(|name| name.trim().trim_matches('"').to_owned()).collect::<Vec<_>>();
            let known = header.iter().all(|name| name == "label" || name == "sample");
            if !known || header.iter().filter(|name| *name == "label").count() != 1 {
                return Err((1, format!("the columns are {}, not `label` or `sample,label`", header.join(", "))));
            }
            columns = header;
            lines.next();
        }
        let at = |name: &str| columns.iter().position(|column| column == name);
        let (sample, label) = (at("sample"), at("label").unwrap_or(0));
        let (mut in_order, mut by_number) = (Vec::new(), BTreeMap::new());
        for (i, line) in lines {
            let fields: Vec<&str> = line.split(',').map(|field| field.trim().trim_matches('"')).collect();
            let bad = |text: &str, what: &str| (i + 1, format!("`{text}` is no {what}; a whole number from 0 is one"));
            if fields.len() != columns.len() {
                return Err((i + 1, format!("{} fields, but there are {} columns", fields.len(), columns.len())));
            }
            let class = fields[label].parse::<u32>().map_err(|_| bad(fields[label], "label"))?;
            match sample {
                None => in_order.push(class),
                Some(sample) => {
                    let number = fields[sample].parse::<u64>().map_err(|_| bad(fields[sample], "sample"))?;
                    if by_number.insert(number, class).is_some_and(|other| other != class) {
                        return Err((i + 1, format!("sample {number} has another label in a line before")));
                    }
                }
            }
        }
        Ok(if sample.is_some() { Self::ByNumber(by_number) } else { Self::InOrder(in_order) })
    }

    /// Gives samples their labels; `path` is shown in errors.
    ///
    /// # Errors
    /// If there are more or fewer labels than samples, or a label contradicts one that is there.
    pub fn give(&self, samples: &mut Opened, path: &Path) -> Result<(), DataError> {
        let fail = |why: String| Err(refuse(path, "", why, REMEDY));
        let numbers: Vec<u64> = match samples {
            Opened::Recordings(events) => events.samples.iter().map(|sample| sample.number).collect(),
            Opened::Images(images) => (0..images.data.labels.len() as u64).collect(),
        };
        let labels: Vec<u32> = match self {
            Self::InOrder(labels) if labels.len() == numbers.len() => labels.clone(),
            Self::InOrder(labels) => return fail(format!("{} labels for {} samples", labels.len(), numbers.len())),
            Self::ByNumber(labels) => {
                if let Some(number) = numbers.iter().find(|number| !labels.contains_key(number)) {
                    return fail(format!("sample {number} has no label"));
                }
                if let Some(number) = labels.keys().find(|number| !numbers.contains(number)) {
                    return fail(format!("there is no sample {number}"));
                }
                numbers.iter().map(|number| labels[number]).collect()
            }
        };
        match samples {
            Opened::Recordings(events) => {
                for (sample, label) in events.samples.iter_mut().zip(labels) {
                    let Recording { number, label: own, .. } = sample;
                    if own.is_some_and(|own| own != label) {
                        return fail(format!(
                            "sample {number} has the label {label} here, {} in its own file",
                            own.unwrap_or(0)
                        ));
                    }
                    *own = Some(label);
                }
            }
            Opened::Images(images) => {
                let mut small = Vec::with_capacity(labels.len());
                for (i, label) in labels.into_iter().enumerate() {
                    let own = images.data.labels[i];
                    let Ok(class) = u8::try_from(label) else {
                        return fail(format!("label {label} is beyond the 256 classes of images"));
                    };
                    if images.labelled && own != class {
                        return fail(format!("image {i} has the label {label} here, {own} in its own file"));
                    }
                    small.push(class);
                }
                images.data.classes = small.iter().map(|&class| usize::from(class) + 1).max().unwrap_or(1);
                (images.data.labels, images.labelled) = (small, true);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_lists_or_tables() {
        assert_eq!(Labels::of_text("3\n1\n\n0\n"), Ok(Labels::InOrder(vec![3, 1, 0])));
        assert_eq!(Labels::of_text("\u{feff}label\r\n3\r\n"), Ok(Labels::InOrder(vec![3])));
        assert_eq!(Labels::of_text("sample,label\n7,3\n1,0\n"), Ok(Labels::ByNumber(BTreeMap::from([(7, 3), (1, 0)]))));
        for (text, line, part) in [
            ("sample,lable\n0,1\n", 1, "not `label`"),
            ("1\ntwo\n", 2, "`two` is no label"),
            ("label\n-1\n", 2, "`-1` is no label"),
            ("sample,label\n0\n", 2, "1 fields"),
            ("sample,label\n0,1\n0,2\n", 3, "another label"),
        ] {
            let (at, why) = Labels::of_text(text).unwrap_err();
            assert!(at == line && why.contains(part), "{text:?}: line {at}: {why}");
        }
    }

    #[test]
    fn every_sample_has_one_that_does_not_contradict_its_own() {
        let table = |text: &str| Opened::Recordings(super::super::Recordings::parse("x", text.as_bytes()).unwrap());
        let give = |labels: Labels, mut samples: Opened| {
            labels.give(&mut samples, Path::new("l")).map(|()| samples).map_err(|e| e.to_string())
        };
        let plain = "sample,timestep,neuron\n5,0,0\n6,0,0\n";
        let Opened::Recordings(found) = give(Labels::InOrder(vec![1, 2]), table(plain)).unwrap() else {
            panic!("recordings")
        };
        assert_eq!(found.samples.iter().map(|s| s.label).collect::<Vec<_>>(), [Some(1), Some(2)]);
        assert!(give(Labels::InOrder(vec![1]), table(plain)).unwrap_err().contains("1 labels for 2 samples"));
        let numbered = |pairs: &[(u64, u32)]| Labels::ByNumber(pairs.iter().copied().collect());
        assert!(give(numbered(&[(5, 1)]), table(plain)).unwrap_err().contains("sample 6 has no label"));
        assert!(give(numbered(&[(5, 1), (6, 1), (7, 1)]), table(plain)).unwrap_err().contains("no sample 7"));
        let own = "sample,timestep,neuron,label\n5,0,0,3\n6,0,0,\n";
        assert!(give(Labels::InOrder(vec![1, 2]), table(own)).unwrap_err().contains("label 1 here, 3 in its own"));
    }
}
