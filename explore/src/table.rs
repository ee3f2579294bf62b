//! All points as one table (CSV): what was set, how it ended, every figure with its unit in the header.

use crate::{
    figure::FIGURES,
    record::{Outcome, PointRecord},
};
use std::collections::BTreeSet;

/// The table, with a header.
pub fn csv(records: &[PointRecord]) -> String {
    let paths: BTreeSet<&str> = records.iter().flat_map(|r| r.values.keys().map(String::as_str)).collect();
    let mut header: Vec<String> = ["address", "stage", "chip", "network", "samples"].map(str::to_owned).into();
    header.extend(paths.iter().map(|path| (*path).to_owned()));
    header.extend(FIGURES.iter().map(|figure| format!("{} [{}]", figure.name, figure.unit)));
    let last = ["outcome", "fullest_resource", "fullest_share [1]", "limit", "limit_used", "limit_max"];
    header.extend(last.map(str::to_owned));
    let mut text = row(&header);
    for record in records {
        let stage = serde_json::to_value(record.stage).ok().and_then(|v| v.as_str().map(str::to_owned));
        let mut fields = vec![
            record.key(),
            stage.unwrap_or_default(),
            record.chip.base.clone(),
            record.network.model.clone(),
            record.network.samples.to_string(),
        ];
        fields.extend(paths.iter().map(|path| record.values.get(*path).map_or(String::new(), ToString::to_string)));
        fields.extend(FIGURES.iter().map(|f| record.figure(f.name).map_or(String::new(), |value| value.to_string())));
        let (mut outcome, mut binding, mut limit) =
            ("costed".to_owned(), [const { String::new() }; 2], [const { String::new() }; 3]);
        match &record.outcome {
            Outcome::Costed { binding: Some(found), .. } => binding = [found.resource.clone(), found.share.to_string()],
            Outcome::Costed { .. } => {}
            Outcome::Failed { limits, .. } => {
                outcome = "failed".into();
                let number = |n: Option<u64>| n.map_or(String::new(), |n| n.to_string());
                let with = limits.iter().find(|limit| limit.resource.is_some());
                limit = [
                    record.failure().unwrap_or_default(),
                    number(with.and_then(|limit| limit.used)),
                    number(with.and_then(|limit| limit.max)),
                ];
            }
        }
        fields.push(outcome);
        fields.extend(binding);
        fields.extend(limit);
        text += &row(&fields);
    }
    text
}

fn row(fields: &[String]) -> String {
    let quoted = |field: &String| {
        if field.contains([',', '"', '\n']) { format!("\"{}\"", field.replace('"', "\"\"")) } else { field.clone() }
    };
    fields.iter().map(quoted).collect::<Vec<_>>().join(",") + "\n"
}
