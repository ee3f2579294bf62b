//! Images of one's own as a user trains them: a folder of class folders, from the first command to a simulated chip.

mod support;

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
};
use support::spikeloom;

/// 40 colour images of 12 × 10 in each of three class folders: the class is which third of the picture is bright.
fn pictures(at: &Path) {
    let [width, height] = [12usize, 10];
    for (class, name) in ["left", "middle", "right"].into_iter().enumerate() {
        let folder = at.join(name);
        fs::create_dir_all(&folder).expect("writable");
        for i in 0..40 {
            let noise = |k: usize| ((i * 7919 + class * 104_729 + k * 31) % 61) as u8;
            let bright = |x: usize| if x * 3 / width == class { 150 } else { 20 };
            let rgb: Vec<u8> = (0..width * height * 3).map(|k| bright(k / 3 % width) + noise(k)).collect();
            let file = fs::File::create(folder.join(format!("{i}.png"))).expect("writable");
            let mut encoder = png::Encoder::new(file, width as u32, height as u32);
            encoder.set_color(png::ColorType::Rgb);
            encoder.write_header().and_then(|mut w| w.write_image_data(&rgb)).expect("an image");
        }
    }
}

#[test]
fn class_folders_are_trained_continued_deployed_and_run() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let at = dir.path();
    pictures(&at.join("thirds"));
    let train = [
        "train",
        "--data",
        "thirds",
        "--epochs",
        "8",
        "--out",
        "run",
        "--deploy",
        "seneca_like",
        "--set",
        "channels=[16,24]",
        "--set",
        "strides=[1,2]",
        "--set",
        "kernel=[3,2]",
        "--set",
        "pool=[1,2]",
        "--set",
        "padding=[1,0]",
        "--set",
        "batch=16",
        "--set",
        "levels=4",
    ];
    let ran = spikeloom(at, &train);
    assert_eq!(ran.code, 0, "{}", ran.err);
    for part in
        ["left = 0, middle = 1, right = 2", "24 of 120 images are held out as test", "87 training and 9 validation"]
    {
        assert!(ran.err.contains(part), "no `{part}` in\n{}", ran.err);
    }
    for part in [
        "deployed on seneca_like",
        "\nrounded      weights as integers of 8 bits are off by at most",
        "\nquantized    ",
    ] {
        assert!(ran.out.contains(part), "no `{part}` in\n{}", ran.out);
    }
    let accuracy: f64 =
        ran.out.split(" %").next().and_then(|t| t.rsplit(' ').next()).expect("a number").parse().expect("a number");
    assert!(accuracy > 80.0, "{}", ran.out);

    let run = spikeloom(at, &["run", "run/network-seneca_like.safetensors", "--data", "thirds", "--verify", "--check"]);
    assert_eq!(run.code, 0, "{}", run.err);
    for part in [
        "run/network-seneca_like.safetensors on loihi1: 120 images",
        "verified     120 of 120",
        "read-out     on the host",
    ] {
        assert!(run.out.contains(part), "no `{part}` in\n{}", run.out);
    }

    // Everything is kept in the folder: nothing has to be named again.
    let again = spikeloom(at, &["train", "--resume", "--out", "run"]);
    assert_eq!(again.code, 0, "{}", again.err);
    assert_eq!(again.out.lines().next(), ran.out.lines().next());

    let fine = spikeloom(
        at,
        &["train", "--data", "thirds", "--from", "run/network.safetensors", "--epochs", "1", "--out", "fine"],
    );
    assert_eq!(fine.code, 0, "{}", fine.err);
    let settings = fs::read_to_string(at.join("fine/config.toml")).expect("settings");
    for line in ["channels = [16, 24]", "levels = 4", "from = \"run/network.safetensors\"", "data = \"thirds\""] {
        assert!(settings.contains(line), "no `{line}` in\n{settings}");
    }
}

/// Tuning for few bits: repeats byte for byte, is compared with what it was before, and is not done twice into one folder.
#[test]
fn a_network_is_tuned_for_few_bits() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let at = dir.path();
    pictures(&at.join("thirds"));
    let shape = ["--set", "channels=[16]", "--set", "strides=[2]", "--set", "batch=16", "--set", "levels=4"];
    let train = [["train", "--data", "thirds", "--epochs", "8", "--out", "run"].as_slice(), &shape].concat();
    let ran = spikeloom(at, &train);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let tune = ["deploy", "run/network.safetensors", "--weight-bits", "2", "--tune", "6"];
    let ran = spikeloom(at, &[tune.as_slice(), &["--report", "tuned.json"]].concat());
    assert_eq!(ran.code, 0, "{}", ran.err);
    for part in ["with 2-bit weights", "+0.00 points, 0 decisions changed", "\nbefore tuning ", "rounded to 2 bits"] {
        assert!(ran.out.contains(part), "no `{part}` in\n{}", ran.out);
    }
    let written = fs::read(at.join("run/network-loihi1.safetensors")).expect("written");
    assert!(at.join("run/network-loihi1-2bit.tune/checkpoint.safetensors").exists());
    let report = fs::read_to_string(at.join("tuned.json")).expect("written");
    assert!(report.contains("\"before_rounded\""), "{report}");
    let again = spikeloom(at, &tune);
    assert!(again.code == 2 && again.err.contains("--resume"), "{}", again.err);
    let other = ["--tune-out", "other", "-o", "other.safetensors"];
    assert_eq!(spikeloom(at, &[tune.as_slice(), &other].concat()).code, 0);
    assert_eq!(fs::read(at.join("other.safetensors")).expect("written"), written);
    let more =
        ["deploy", "run/network.safetensors", "--weight-bits", "2", "--tune", "7", "--tune-out", "other", "--resume"];
    let contradicted = spikeloom(at, &more);
    assert!(contradicted.code == 2 && contradicted.err.contains("epochs"), "{}", contradicted.err);
    let wide = spikeloom(at, &["deploy", "run/network.safetensors", "--weight-bits", "9", "--tune", "1"]);
    assert!(wide.code == 2 && wide.err.contains("2 to 8 bits"), "{}", wide.err);
    let typo = [tune.as_slice(), &["--tune-out", "third", "--tune-set", "learning_rat=1"]].concat();
    let typo = spikeloom(at, &typo);
    assert!(typo.code == 2 && typo.err.contains("learning_rate"), "{}", typo.err);
}

#[test]
fn what_cannot_be_trained_on_says_why() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let at = dir.path();
    pictures(&at.join("thirds"));
    let small =
        ["train", "--data", "thirds", "--out", "x", "--epochs", "1", "--set", "channels=[8]", "--set", "strides=[1]"];
    let refused = |more: &[&str]| {
        let ran = spikeloom(at, &[&small[..], more].concat());
        assert_ne!(ran.code, 0, "{}", ran.out);
        ran.err
    };
    assert!(refused(&["--limit", "2"]).contains("class"), "two images of three classes");
    assert!(refused(&["--set", "kernel=13", "--set", "padding=0"]).contains("layer 1: a 13 × 13 kernel does not fit"));
    assert!(refused(&["--set", "validation=200"]).contains("validation = 200 of 96"));
    assert!(refused(&["--set", "test=500"]).contains("120 images cannot be parted"));
}

/// SIGTERM saves the state, as Ctrl-C does.
#[cfg(unix)]
#[test]
fn a_terminated_run_keeps_its_state() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let at = dir.path();
    pictures(&at.join("thirds"));
    let args = [
        "train",
        "--data",
        "thirds",
        "--out",
        "run",
        "--epochs",
        "100000",
        "--set",
        "channels=[8]",
        "--set",
        "strides=[1]",
    ];
    let mut child = Command::new(env!("CARGO_BIN_EXE_spikeloom"))
        .args(args)
        .current_dir(at)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let mut lines = BufReader::new(child.stderr.take().expect("piped")).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.starts_with("epoch")), "an epoch was trained");
    let killed = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("a shell's kill");
    assert!(killed.success());
    // Until the end, so that the run is not stopped by a full pipe.
    let rest = std::thread::spawn(move || lines.count());
    let output = child.wait_with_output().expect("it ends");
    rest.join().expect("read");
    assert_eq!(output.status.code(), Some(130));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("continue with --resume --out run"), "{said}");
    assert!(at.join("run/checkpoint.safetensors").exists());
}
