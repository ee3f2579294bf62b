//! Reports: the page shows the numbers of the JSON, in a real browser where there is one; the schema and its page are current.
//!
//! `BLESS=1` writes docs/report.schema.json anew.

#[path = "support/network.rs"]
mod network;
mod support;

use network::{firing, write};
use serde_json::Value;
use spikeloom::report::{self, Report, html};
use std::{
    path::{Path, PathBuf},
    process::Command,
};
use support::spikeloom;

/// Most bytes of a page.
const MOST: usize = 3_000_000;

fn run_in(dir: &Path, args: &[&str]) {
    let ran = spikeloom(dir, args);
    assert_eq!(ran.code, 0, "{args:?}: {}", ran.err);
}

fn read(dir: &Path, name: &str) -> (String, Report) {
    let page = std::fs::read_to_string(dir.join(format!("{name}.html"))).expect("written");
    let json = std::fs::read_to_string(dir.join(format!("{name}.json"))).expect("written");
    (page, serde_json::from_str(&json).expect("a report"))
}

/// A run with everything that a page can show.
fn run_page(dir: &Path) -> (String, Report) {
    run_in(
        dir,
        &["run", "--limit", "60", "--verify", "--report", "run.html", "--report", "run.json", "--report", "run.csv"],
    );
    read(dir, "run")
}

/// The values of all `<data>` elements, in order.
fn data_values(page: &str) -> Vec<f64> {
    let values = page.split("<data value=\"").skip(1).map(|rest| rest.split('"').next().expect("a value"));
    values.map(|value| value.parse().expect("a number")).collect()
}

/// The numbers of a report in the order of its page.
fn numbers(report: &Report) -> Vec<f64> {
    fn of(value: &report::Value, into: &mut Vec<f64>) {
        match value {
            report::Value::Number(v) => into.push(*v),
            report::Value::Range { value, low, high } => into.extend([value, low, high]),
            _ => {}
        }
    }
    let mut all = Vec::new();
    for section in &report.sections {
        for q in &section.quantities {
            of(&q.value, &mut all);
        }
        let (drawn, plain): (Vec<_>, Vec<_>) = section.tables.iter().partition(|table| table.chart.is_some());
        let cells = |tables: Vec<&report::Table>, all: &mut Vec<f64>| {
            for value in tables.into_iter().flat_map(|table| table.rows.iter().flatten()) {
                of(value, all);
            }
        };
        cells(drawn, &mut all);
        for raster in &section.rasters {
            for t in 0..raster.timesteps as usize {
                all.push(t as f64);
                all.extend(raster.layers.iter().map(|layer| layer.counts[t] as f64));
            }
        }
        cells(plain, &mut all);
    }
    all
}

#[test]
fn a_page_holds_the_numbers_of_the_json_and_needs_no_network() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (page, report) = run_page(dir.path());
    assert_eq!(page, html::page(&report), "the page is made from the data alone");
    assert_eq!(data_values(&page), numbers(&report));
    assert!(page.len() < MOST, "{} bytes", page.len());
    for from_elsewhere in ["src=\"http", "href=\"http", "url(", "@import", "<script src"] {
        assert!(!page.contains(from_elsewhere), "{from_elsewhere}");
    }
    let ids: Vec<&str> = report.sections.iter().map(|section| section.id.as_str()).collect();
    let expected = "summary verification layers energy merits time roofline activity cores decisions quantization";
    assert_eq!(ids.join(" "), expected);
    assert!(report.provenance.command.starts_with("spikeloom run --limit 60 --verify --report"));
    let csv = std::fs::read_to_string(dir.path().join("run.csv")).expect("written");
    assert!(csv.contains("\nlayer,synapse [J],"), "{csv}");
}

#[test]
fn the_json_of_a_run_says_the_same_twice() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let ran = spikeloom(dir.path(), &["run", "--limit", "8", "--json"]);
    let all: Value = serde_json::from_str(&ran.out).expect("JSON");
    let report: Report = serde_json::from_value(all["report"].clone()).expect("a report");
    let of = |id: &str| {
        let summary = report.section("summary").expect("there is one");
        summary.quantities.iter().find(|q| q.id == id).and_then(|q| q.value.number()).expect("a number")
    };
    let close = |a: f64, b: &Value| assert!((a / b.as_f64().expect("a number") - 1.0).abs() < 1e-12, "{a} {b}");
    close(of("accuracy"), &all["accuracy_percent"]);
    close(of("latency"), &all["latency"]["mean"]);
    close(of("energy") * 1e12, &all["energy"]["total_pj"]["value"]);
    close(of("spikes"), &all["spikes"]["mean"]);
}

/// The shape of `value` against a part of the schema: types, required and known keys. What is checked is what the schema uses.
fn fits(value: &Value, schema: &Value, root: &Value) -> bool {
    if let Some(name) = schema["$ref"].as_str() {
        return fits(value, root.pointer(name.trim_start_matches('#')).expect("defined"), root);
    }
    if let Some(all) = schema["anyOf"].as_array().or(schema["oneOf"].as_array())
        && !all.iter().any(|one| fits(value, one, root))
    {
        return false;
    }
    let is = |kind: &str| match kind {
        "null" => value.is_null(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.as_u64().is_some(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        _ => value.is_object(),
    };
    match &schema["type"] {
        Value::String(kind) if !is(kind) => return false,
        Value::Array(kinds) if !kinds.iter().any(|kind| is(kind.as_str().unwrap_or(""))) => return false,
        _ => {}
    }
    if schema.get("const").is_some_and(|constant| constant != value) {
        return false;
    }
    if let Some(items) = value.as_array() {
        return schema.get("items").is_none_or(|item| items.iter().all(|value| fits(value, item, root)));
    }
    let Some(object) = value.as_object() else { return true };
    let known = schema["properties"].as_object();
    let mut required = schema["required"].as_array().into_iter().flatten();
    required.all(|key| object.contains_key(key.as_str().expect("a name")))
        && known.is_none_or(|known| {
            let open = schema["additionalProperties"] != Value::Bool(false);
            object.iter().all(|(key, value)| known.get(key).map_or(open, |schema| fits(value, schema, root)))
        })
}

#[test]
fn real_reports_fit_the_schema_that_is_documented() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/report.schema.json");
    let schema = Report::schema();
    let text = format!("{schema:#}\n");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &text).expect("writable");
    }
    let documented = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(documented, text, "docs/report.schema.json is old; run this test with BLESS=1");

    let dir = tempfile::tempdir().expect("a temporary folder");
    run_in(dir.path(), &["run", "--limit", "4", "--report", "run.json"]);
    let text = std::fs::read_to_string(dir.path().join("run.json")).expect("written");
    let real: Value = serde_json::from_str(&text).expect("JSON");
    assert!(fits(&real, &schema, &schema));
    for damaged in ["/sections/0/quantities/0/value", "/provenance/command", "/sections/1/tables/0/rows"] {
        let mut other = real.clone();
        *other.pointer_mut(damaged).expect("there") = serde_json::json!({ "no": true });
        assert!(!fits(&other, &schema, &schema), "{damaged}");
    }
    let mut other = real.clone();
    other.as_object_mut().expect("an object").insert("surplus".into(), Value::Null);
    assert!(!fits(&other, &schema, &schema));
}

/// A network of a hundred layers, and recordings for it, in a folder.
fn deep(at: &Path) {
    let rows: Vec<Vec<f64>> = (0..8).map(|i| (0..8).map(|j| if i == j { 1.5 } else { 0.25 }).collect()).collect();
    let weights: Vec<&[f64]> = rows.iter().map(Vec::as_slice).collect();
    write(&at.join("deep.nir"), &(0..100).map(|_| firing(&weights)).collect::<Vec<_>>());
    let events = (0..160).map(|k| format!("{},{},{}\n", k % 2, k / 8, k % 8));
    let text = std::iter::once("sample,timestep,neuron\n".to_owned()).chain(events).collect::<String>();
    std::fs::write(at.join("events.csv"), text).expect("writable");
}

#[test]
fn a_page_of_a_hundred_layers_stays_small_and_speaks_of_recordings() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let at = dir.path();
    deep(at);
    let files = ["--report", "deep.html", "--report", "deep.json"];
    run_in(at, &[&["run", "deep.nir", "--dt", "1", "--data", "events.csv"][..], &files].concat());
    let (page, report) = read(at, "deep");
    assert!(page.len() < MOST, "{} bytes", page.len());
    assert_eq!(data_values(&page), numbers(&report));
    for said in ["energy per recording", "latency per recording", "layers, means per recording"] {
        assert!(page.contains(said), "no `{said}`");
    }
    assert!(!page.contains("per image"));
}

/// What commands write beside their text is a report with provenance, tables and units.
#[test]
fn commands_that_look_at_files_write_reports() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let at = dir.path();
    deep(at);
    let network = r#"{"mode": "snn", "T": 4, "layers": [
        {"kind": "fc", "name": "a", "nin": 20, "nout": 10, "neuron": "if", "theta_in": 30, "theta_out": 10}]}"#;
    std::fs::write(at.join("net.json"), network).expect("writable");
    let schema = Report::schema();
    for (args, section) in [
        (&["check", "deep.nir", "--dt", "1"][..], "parts"),
        (&["chip", "show", "loihi1"], "fields"),
        (&["chip", "check", "loihi1"], "fields"),
        (&["chip", "diff", "loihi1", "loihi2"], "differences"),
        (&["energy", "model", "net.json"], "layers"),
        (&["energy", "compare", "net.json"], "advantage"),
        (&["energy", "tables", "--show", "loihi1"], "prices"),
    ] {
        run_in(at, &[args, &["--report", "r.html", "--report", "r.json", "--report", "r.csv"]].concat());
        let (page, report) = read(at, "r");
        assert_eq!(data_values(&page), numbers(&report), "{args:?}");
        assert!(fits(&serde_json::to_value(&report).expect("JSON"), &schema, &schema), "{args:?}");
        assert!(report.section(section).is_some_and(|section| !section.tables.is_empty()), "{args:?}: no {section}");
        assert!(!report.provenance.inputs.is_empty(), "{args:?}: made from nothing");
        let command = format!("spikeloom {}", args.join(" "));
        assert!(report.provenance.command.starts_with(&command), "{}", report.provenance.command);
    }
}

/// A browser, if one is installed.
fn browser() -> Option<&'static str> {
    ["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find(|name| Command::new(name).arg("--version").output().is_ok())
}

#[test]
fn a_browser_draws_every_chart_without_errors() {
    let Some(browser) = browser() else {
        eprintln!("skipped: a_browser_draws_every_chart_without_errors, no Chromium is installed");
        return;
    };
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (_, report) = run_page(dir.path());
    // Charts are measured where they are laid out: a script that only this test adds says what is wrong.
    let probe = r#"<script>window.onerror=(m)=>{document.title="error: "+m};
        addEventListener("load",()=>{const bad=[];document.querySelectorAll("figure").forEach(f=>{
          const svg=f.querySelector(".drawing svg"),img=f.querySelector("img"),e=svg||img;
          if(!e){bad.push(f.id+" empty");return}
          const b=e.getBoundingClientRect();if(b.width<50||b.height<20)bad.push(f.id+" "+b.width+"x"+b.height);
          if(svg){const box=svg.getBBox(),v=svg.viewBox.baseVal;if(box.x<-2||box.y<-2||box.x+box.width>v.width+2||box.y+box.height>v.height+2)
            bad.push(f.id+" drawn outside: "+[box.x,box.y,box.x+box.width,box.y+box.height].map(Math.round)+" of "+v.width+"x"+v.height)}});
          if(document.documentElement.scrollWidth>innerWidth+1)bad.push("page wider than the window: "+document.documentElement.scrollWidth+" > "+innerWidth);
          document.body.setAttribute("data-bad",bad.join("; "));
          document.body.setAttribute("data-figures",document.querySelectorAll("figure").length)})</script></head>"#;
    let page = std::fs::read_to_string(dir.path().join("run.html")).expect("written").replace("</head>", probe);
    let probed = dir.path().join("probed.html");
    std::fs::write(&probed, page).expect("writable");
    for width in [1280, 500] {
        let ran = Command::new(browser)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--v=0", "--dump-dom"])
            .arg(format!("--window-size={width},900"))
            .arg(format!("--user-data-dir={}", dir.path().join("profile").display()))
            .arg(format!("file://{}", probed.display()))
            .output()
            .expect("the browser runs");
        let (dom, log) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
        let console: Vec<&str> = log.lines().filter(|line| line.contains("CONSOLE")).collect();
        assert!(console.is_empty(), "{console:?}");
        assert!(
            dom.contains("data-bad=\"\""),
            "{width}: {:?}",
            dom.split("data-bad=").nth(1).map(|rest| &rest[..rest.len().min(600)])
        );
        let figures: usize = report
            .sections
            .iter()
            .map(|s| s.rasters.len() + s.galleries.len() + s.tables.iter().filter(|t| t.chart.is_some()).count())
            .sum();
        assert!(dom.contains(&format!("data-figures=\"{figures}\"")), "{figures} figures");
        assert_eq!(data_values(&dom), numbers(&report), "what the browser shows is what the JSON says");
    }
}
