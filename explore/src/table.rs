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
    header.extend(["outcome", "fullest_resource", "fullest_share [1]"].map(str::to_owned));
    header.extend(["time_bound_by", "time_bound [s]", "time_without [s]"].map(str::to_owned));
    header.extend(["limit", "limit_used", "limit_max"].map(str::to_owned));
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
        let (mut outcome, mut limit) = ("costed".to_owned(), [const { String::new() }; 3]);
        if let Outcome::Failed { limits, .. } = &record.outcome {
            outcome = "failed".into();
            let number = |n: Option<u64>| n.map_or(String::new(), |n| n.to_string());
            let with = limits.iter().find(|limit| limit.resource.is_some());
            limit = [
                record.failure().unwrap_or_default(),
                number(with.and_then(|limit| limit.used)),
                number(with.and_then(|limit| limit.max)),
            ];
        }
        let binding = record.binding().map(|found| [found.resource.clone(), found.share.to_string()]);
        let time = record.time().and_then(|time| {
            let (part, seconds) = time.largest()?;
            Some([part.to_owned(), seconds.to_string(), time.without.get(part)?.to_string()])
        });
        fields.push(outcome);
        fields.extend(binding.unwrap_or_default());
        fields.extend(time.unwrap_or_default());
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
