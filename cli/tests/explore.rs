//! Exploration and chips from the command line: a killed search loses nothing, answers come out, chips are changed by path.

mod support;

use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};
use support::spikeloom;

const SPACE: &str = r#"Space(
    version: 1,
    name: "small",
    chips: ["loihi1"],
    networks: [(model: "mnist-small", samples: Some(5))],
    parameters: [
        (path: "core.neurons", values: List([256, 400, 512, 777, 1024])),
        (path: "core.lanes", values: Powers(from: 1, to: 8)),
        (path: "noc.multicast", values: List(["Unicast", "Rectangle"])),
    ],
    objectives: [Minimize("energy"), Minimize("latency")],
    baseline: { "core.neurons": 1024, "core.lanes": 1, "noc.multicast": "Unicast" },
)"#;

fn points(folder: &Path) -> BTreeMap<String, String> {
    let Ok(files) = fs::read_dir(folder.join("points")) else { return BTreeMap::new() };
    let whole = files.flatten().filter(|file| !file.file_name().to_string_lossy().starts_with('.'));
    whole
        .map(|file| {
            (file.file_name().to_string_lossy().into_owned(), fs::read_to_string(file.path()).unwrap_or_default())
        })
        .collect()
}

#[test]
fn a_killed_search_goes_on_where_it_was() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    fs::write(dir.path().join("space.ron"), SPACE).expect("writable");
    let mut kills = 0;
    for _ in 0..3 {
        let mut child = Command::new(env!("CARGO_BIN_EXE_spikeloom"))
            .args(["explore", "space.ron", "--out", "killed", "--threads", "2"])
            .current_dir(dir.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let before = points(&dir.path().join("killed")).len();
        let begun = Instant::now();
        while points(&dir.path().join("killed")).len() < before + 4 && begun.elapsed() < Duration::from_mins(2) {
            std::thread::sleep(Duration::from_millis(5));
        }
        // SIGKILL: nothing of the process runs afterwards.
        let running = child.try_wait().expect("a child").is_none();
        child.kill().expect("it can be killed");
        child.wait().expect("it has ended");
        kills += usize::from(running);
        let stored = points(&dir.path().join("killed"));
        assert!(stored.values().all(|text| serde_json::from_str::<Value>(text).is_ok()), "every point is whole");
    }
    assert!(kills > 0, "it was killed while it ran");
    let resumed = spikeloom(dir.path(), &["explore", "space.ron", "--out", "killed"]);
    assert_eq!(resumed.code, 0, "{}", resumed.err);
    let straight = spikeloom(dir.path(), &["explore", "space.ron", "--out", "straight", "--threads", "1"]);
    assert_eq!(straight.code, 0, "{}", straight.err);
    assert_eq!(points(&dir.path().join("killed")), points(&dir.path().join("straight")));
    assert_eq!(resumed.out, straight.out);
}

#[test]
fn answers_are_shown() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    fs::write(dir.path().join("space.ron"), SPACE).expect("writable");
    let plan = spikeloom(dir.path(), &["explore", "space.ron", "--dry-run"]);
    assert!(plan.code == 0 && plan.out.contains("40 points: 0 stored, 40 to evaluate"), "{}{}", plan.out, plan.err);
    assert!(!dir.path().join("small").exists(), "a dry run stores nothing");
    for shard in ["0/2", "1/2"] {
        let run = spikeloom(dir.path(), &["explore", "space.ron", "--shard", shard]);
        assert!(run.code == 0 && run.err.contains("20 evaluated now"), "{}", run.err);
    }
    let shown = spikeloom(dir.path(), &["explore", "show", "small", "--csv", "all.csv"]);
    assert_eq!(shown.code, 0, "{}", shown.err);
    let parts =
        ["40 points costed, 0 failed", "what decides latency", "a full grid: exact", "core.lanes", "hypervolume"];
    let bounds = [
        "time bound by: ",
        " tells ",
        "from ideal",
        "left without",
        "baseline ",
        "time is bound by ",
        " from the ideal",
    ];
    for part in parts.into_iter().chain(bounds) {
        assert!(shown.out.contains(part), "{part}: {}", shown.out);
    }
    let table = fs::read_to_string(dir.path().join("all.csv")).expect("written");
    assert!(table.lines().count() == 41 && table.contains("energy [J]") && table.contains("latency [s]"), "{table}");
    let json: Value =
        serde_json::from_str(&spikeloom(dir.path(), &["explore", "show", "small", "--json"]).out).expect("JSON");
    let network = &json["networks"][0];
    let (front, standings) =
        (network["front"].as_array().expect("a list"), network["standings"].as_array().expect("a list"));
    assert!(!front.is_empty() && front.len() == standings.len(), "{json}");
    for (point, standing) in front.iter().zip(standings) {
        assert_eq!(point["address"], standing["address"], "{json}");
        let (share, without) = (standing["time"]["share"].as_f64(), standing["time"]["without"].as_f64());
        assert!(
            share.is_some_and(|share| share > 0.0 && 1.0 - without.expect("a share") <= share + 1e-9),
            "{standing}"
        );
    }
    let of: Vec<f64> = ["single", "together"]
        .iter()
        .flat_map(|sets| network["effects"]["latency"][sets].as_array().expect("a list"))
        .map(|set| set["share"].as_f64().expect("a share"))
        .collect();
    assert!((of.iter().sum::<f64>() - 1.0).abs() < 1e-9, "all sets of three parameters explain everything: {of:?}");

    // Neighbours of a point in one parameter: the first two have 4 and 1, the third one other value.
    let around = spikeloom(dir.path(), &["explore", "show", "small", "--around", "latency", "--json"]);
    let json: Value = serde_json::from_str(&around.out).expect("JSON");
    assert_eq!(json["steps"].as_array().map(Vec::len), Some(4 + 3 + 1), "{}{}", around.out, around.err);
    let address = json["address"].as_str().expect("text").to_owned();
    let around = spikeloom(dir.path(), &["explore", "show", "small", "--around", &address[..12]]);
    assert!(
        around.code == 0 && around.out.contains(&address) && around.out.contains("× "),
        "{}{}",
        around.out,
        around.err
    );
    let around = spikeloom(dir.path(), &["explore", "show", "small", "--around", "energi"]);
    assert!(
        around.code == 2 && around.err.contains("neither an objective of the space (energy, latency)"),
        "{}",
        around.err
    );

    let lame = SPACE.replace("samples: Some(5)", "samples: Some(5), options: [\"--stepz=5\"]");
    fs::write(dir.path().join("lame.ron"), lame).expect("writable");
    let run = spikeloom(dir.path(), &["explore", "lame.ron"]);
    for part in ["lame.ron: network `mnist-small --stepz=5`", "`options`", "--stepz"] {
        assert!(run.code == 2 && run.err.contains(part), "{part}: {}", run.err);
    }
    let wrong = SPACE.replace("core.lanes\", v", "core.lane\", v");
    fs::write(dir.path().join("wrong.ron"), wrong).expect("writable");
    let run = spikeloom(dir.path(), &["explore", "wrong.ron"]);
    assert!(run.code == 2 && run.err.contains("the baseline sets `core.lanes`, which is no parameter"), "{}", run.err);
}

/// Which chip is best for a network: from the command that writes the space to the answer.
#[test]
fn a_new_space_asks_which_chip_is_best() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let new = spikeloom(dir.path(), &["explore", "new", "best", "--samples", "3"]);
    assert!(new.code == 0 && new.out.contains("spikeloom explore best.ron"), "{}{}", new.out, new.err);
    let run = spikeloom(dir.path(), &["explore", "best.ron"]);
    assert_eq!(run.code, 0, "{}", run.err);
    for part in ["chip tells", "loihi1", "seneca_like", "1 failed", "leave out"] {
        assert!(run.out.contains(part), "{part}: {}", run.out);
    }
    let other = spikeloom(dir.path(), &["explore", "new", "best", "--samples", "4"]);
    assert!(other.code == 2 && other.err.contains("is there already"), "{}", other.err);
    for (words, part) in [(["--network", "mnist-smal"], "mnist-small"), (["--arch", "loihi3"], "loihi")] {
        let wrong = spikeloom(dir.path(), &[["explore", "new", "wrong"].as_slice(), &words].concat());
        assert!(wrong.code == 2 && wrong.err.contains(part), "{}", wrong.err);
        assert!(!dir.path().join("wrong.ron").exists());
    }
}

/// The array of jobs that docs/exploration.md prints, each job run as Slurm would: all of them together are a serial search.
#[cfg(unix)]
#[test]
fn an_array_of_jobs_shares_out_the_points() {
    let page =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/exploration.md")).expect("a page");
    let script = page.split("```sh\n").find(|block| block.contains("#SBATCH")).expect("an array of jobs");
    let script = script.split("```").next().expect("a block");
    let jobs: usize = script
        .lines()
        .find_map(|line| line.strip_prefix("#SBATCH --array=0-"))
        .and_then(|last| last.trim().parse::<usize>().ok())
        .map(|last| last + 1)
        .expect("a range from 0");
    let dir = tempfile::tempdir().expect("a temporary folder");
    fs::write(dir.path().join("space.ron"), SPACE).expect("writable");
    fs::write(dir.path().join("array.sh"), script).expect("writable");
    let program = Path::new(env!("CARGO_BIN_EXE_spikeloom")).parent().expect("in a folder").to_owned();
    let path = std::env::join_paths(
        std::iter::once(program).chain(std::env::split_paths(&std::env::var_os("PATH").expect("set"))),
    );
    let path = path.expect("no colons");
    for job in 0..jobs {
        let ran = Command::new("bash")
            .args(["-eu", "array.sh"])
            .current_dir(dir.path())
            .env("PATH", &path)
            .env("SCRATCH", dir.path())
            .env("SLURM_ARRAY_TASK_ID", job.to_string())
            .output()
            .expect("bash is there");
        assert!(ran.status.success(), "job {job}: {}", String::from_utf8_lossy(&ran.stderr));
    }
    let straight = spikeloom(dir.path(), &["explore", "space.ron", "--out", "straight"]);
    assert_eq!(straight.code, 0, "{}", straight.err);
    assert_eq!(points(&dir.path().join("space")), points(&dir.path().join("straight")));
}

#[test]
fn chips_are_listed_begun_checked_compared_and_changed() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let list = spikeloom(dir.path(), &["chip", "list"]);
    assert!(list.code == 0 && list.out.contains("truenorth") && list.out.contains("loihi1"), "{}", list.out);
    let new = spikeloom(dir.path(), &["chip", "new", "mine", "--from", "loihi2"]);
    assert_eq!(new.code, 0, "{}", new.err);
    let check = spikeloom(dir.path(), &["chip", "check", "mine.ron"]);
    assert!(check.code == 0 && check.out.contains("describes mine"), "{}{}", check.out, check.err);
    let again = spikeloom(dir.path(), &["chip", "new", "mine"]);
    assert!(again.code == 2 && again.err.contains("is there already"), "{}", again.err);
    let diff = spikeloom(dir.path(), &["chip", "diff", "mine.ron", "loihi2"]);
    assert!(diff.out.contains("mine  →  loihi2"), "{}", diff.out);
    let show = spikeloom(dir.path(), &["chip", "show", "mine.ron", "--set", "core.lanes=4"]);
    let lanes = show.out.lines().find(|line| line.starts_with("core.lanes "));
    assert!(lanes.is_some_and(|line| line.ends_with(" 4")), "{}", show.out);

    let run = |set: &str| {
        let args = ["run", "--limit", "3", "--json", "--set", set];
        let run = spikeloom(dir.path(), &args);
        assert_eq!(run.code, 0, "{}", run.err);
        serde_json::from_str::<Value>(&run.out).expect("JSON")
    };
    let (slow, fast) = (run("core.timing.synapse=70"), run("core.timing.synapse=7"));
    assert_ne!(slow["arch"], fast["arch"], "the name says what was changed");
    let typo = spikeloom(dir.path(), &["run", "--limit", "1", "--set", "core.neuron=3"]);
    assert!(typo.code == 2 && typo.err.contains("has no `neuron`; it has"), "{}", typo.err);
    let misfit = spikeloom(dir.path(), &["compile", "--set", "core.neurons=3", "--json"]);
    assert_eq!(misfit.code, 3, "{}", misfit.err);
    let limits: Value = serde_json::from_str(&misfit.out).expect("JSON");
    let over = |limit: &Value| limit["used"].as_u64() > limit["max"].as_u64() && limit["max"].is_u64();
    assert!(limits["limits"].as_array().is_some_and(|limits| limits.iter().any(over)), "{limits}");
}
