//! Every command printed in README and docs is one that the program knows, and is run as printed, in the order of a reader who tries
//! things; what is too long or needs what the repository does not hold stands in the table with the reason.
//!
//! A printed command is a line of a code block, with or without `$`, or a code span, that begins with `spikeloom`. What stands in
//! `[…]` is an option of the form, and left out.

mod support;

use clap::Parser;
use clap::error::ErrorKind;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};
use support::spikeloom;

/// What is done with a printed command.
#[derive(Clone, Copy)]
enum Try {
    /// Run as printed.
    Run,
    /// Run as printed; the exit code is this.
    Fails(i32, &'static str),
    /// Run with these words more, because it takes minutes without.
    With(&'static [&'static str]),
    /// A form: capitals stand for what a reader fills in.
    Form,
    /// Not run.
    Needs(&'static str),
}
use Try::{Fails, Form, Needs, Run, With};

const MNIST: &str = "the whole data set MNIST";
const FASHION: &str = "the data set Fashion-MNIST";
const CIFAR: &str = "the data set CIFAR-10";
const HOURS: &str = "a data set, and trains for long";

/// Begins of printed commands, in the order in which they are tried; files that they write are there for the next. The first that fits
/// a printed command is its row.
const ROWS: &[(&str, Try)] = &[
    // README.
    ("spikeloom data fetch mnist", Needs("the network")),
    ("spikeloom data saccades mnist", Needs(MNIST)),
    ("spikeloom train --data saccades.npz", Needs(MNIST)),
    ("spikeloom run in-time/network.safetensors", Needs(MNIST)),
    ("spikeloom run mnist-small --arch seneca_like", Run),
    ("spikeloom energy chip my_chip.ron", Run),
    ("spikeloom explore new best", Run),
    ("spikeloom explore best.ron", Run),
    ("spikeloom explore spaces/first.ron --dry-run", Run),
    ("spikeloom explore spaces/first.ron", Run),
    ("spikeloom explore show first --csv all.csv", Run),
    ("spikeloom explore show first --around energy", Run),
    ("spikeloom chip list", Run),
    ("spikeloom run --set core.neurons=512", Run),
    ("spikeloom run --verify", With(&["--limit", "12"])),
    ("spikeloom check net.nir --dt 1e-4", Run),
    ("spikeloom compile net.nir --dt 1e-4 -o net.slb", Run),
    ("spikeloom export mnist -o mnist.nir", Run),
    ("spikeloom export mnist-small -o ours.nir", Run),
    ("spikeloom check net.net", Run),
    ("spikeloom compile net.net --arch loihi2", Run),
    ("spikeloom run --balance", Run),
    ("spikeloom compile --help-passes", Run),
    ("spikeloom run --arch speck2", With(&["--limit", "12"])),
    ("spikeloom compile -o net.slb", Run),
    ("spikeloom inspect net.slb", Run),
    ("spikeloom run --report run.html", With(&["--limit", "60"])),
    ("spikeloom run --trace timeline,spikes --trace-dir traces", Run),
    ("spikeloom run --limit 1 --trace spikes,potentials,timeline,vcd --trace-dir traces", Run),
    ("spikeloom run --per-step steps.csv", Run),
    ("spikeloom run --output run.json", Run),
    ("spikeloom energy price run.json --table loihi1_silicon_fit", Run),
    ("spikeloom run --limit 20 --report run.json --report run.html", Run),
    ("spikeloom compare a.json b.json", Run),
    ("spikeloom energy model network.json --reading paper", Run),
    ("spikeloom energy model --model net.nir --dt 1e-4 --data events.csv", Run),
    ("spikeloom energy model --model mnist-small --limit 10", Run),
    ("spikeloom energy chip loihi1", Run),
    ("spikeloom energy tables --show loihi1", Run),
    ("spikeloom reproduce silicon --sanafe dvs_challenge.npz", Needs("a file that SANA-FE ships")),
    ("spikeloom reproduce silicon", Run),
    ("spikeloom run --strict", Fails(2, "liberties")),
    ("spikeloom train --print-config", Run),
    (
        "spikeloom train --data photos --epochs 20 --out run --deploy",
        With(&["--set", "channels=[8]", "--set", "strides=[2]"]),
    ),
    ("spikeloom run run/network-loihi1.safetensors --data photos --arch seneca_like", Run),
    ("spikeloom explore space.ron --out $SCRATCH/space --shard $SLURM_ARRAY_TASK_ID/16", Run),
    // Data sets, and training on them.
    ("spikeloom run cifar10 --data cifar10 --mirror", Needs(CIFAR)),
    ("spikeloom run cifar10-paper", Needs(CIFAR)),
    ("spikeloom run cifar10", Needs(CIFAR)),
    ("spikeloom run fashion-mnist", Needs(FASHION)),
    ("spikeloom run mnist --data mnist", Needs(MNIST)),
    ("spikeloom run mnist-paper --data mnist", Needs(MNIST)),
    ("spikeloom run mnist-sparse --data mnist", Needs(MNIST)),
    ("spikeloom run --data mnist", Needs(MNIST)),
    ("spikeloom run --activity train:300", Needs(MNIST)),
    ("spikeloom run net.nir --dt 1e-4 --data mnist", Needs(MNIST)),
    ("spikeloom run runs/x/network-loihi1.safetensors", Needs("what the command before it trains")),
    ("spikeloom train --dataset", Needs(HOURS)),
    ("spikeloom deploy mnist-small --arch loihi1 --weight-bits 2 --tune 1", Needs(MNIST)),
    ("spikeloom deploy w4/network.safetensors --weight-bits 4", Needs("what the command before it trains")),
    ("spikeloom train --method cwcomp", Needs(HOURS)),
    ("spikeloom ablate allocation", Needs(HOURS)),
    ("spikeloom ablate spike-penalty", Needs(HOURS)),
    ("spikeloom reproduce", Needs("data sets; tests/ and experiments/ hold its parts")),
    // Forms.
    ("spikeloom run x.net", Form),
    ("spikeloom ablate SETTING", Form),
    ("spikeloom chip new NAME", Form),
    ("spikeloom chip show NAME", Form),
    ("spikeloom deploy NETWORK", Form),
    ("spikeloom train … --deploy", Form),
    ("spikeloom diff A B", Form),
    ("spikeloom explore show first --around 3f2a", Form),
    ("spikeloom energy chip NAME", Form),
    ("spikeloom energy compare NETWORK.json", Form),
    ("spikeloom energy model NETWORK.json", Form),
    ("spikeloom energy price RUN.json", Form),
    ("spikeloom run --output RUN.json", Form),
    ("spikeloom train --resume --out FOLDER", Form),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn pages() -> Vec<PathBuf> {
    let mut pages = vec![root().join("README.md"), root().join("CONTRIBUTING.md")];
    for folder in ["docs", "models/training/zoo"] {
        let entries = fs::read_dir(root().join(folder)).expect("a folder").map(|entry| entry.expect("an entry").path());
        pages.extend(entries.filter(|path| path.extension().is_some_and(|ending| ending == "md")));
    }
    pages
}

/// The commands of a page.
fn commands(text: &str) -> Vec<String> {
    let (mut found, mut inside, mut lines) = (Vec::new(), false, text.lines());
    while let Some(line) = lines.next() {
        if line.trim_start().starts_with("```") {
            inside = !inside;
        } else if inside {
            let mut command = line.trim().trim_start_matches("$ ").to_owned();
            while command.ends_with('\\') {
                command.pop();
                command.push_str(lines.next().unwrap_or("").trim());
            }
            found.push(command.split(" #").next().unwrap_or("").trim().to_owned());
        } else {
            found.extend(line.split('`').skip(1).step_by(2).map(str::to_owned));
        }
    }
    found.retain(|command| command.starts_with("spikeloom "));
    found
}

/// The words of a command as a shell sees them; what only shows form is left out.
fn words(command: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted, mut form) = (Vec::new(), String::new(), false, false);
    for c in command.chars() {
        match c {
            '\'' => quoted = !quoted,
            '[' if !quoted => form = true,
            ']' if !quoted => form = false,
            '…' => {}
            ' ' if !quoted => words.push(std::mem::take(&mut word)),
            c if !form => word.push(c),
            _ => {}
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    // Variables of the reader's shell.
    words.iter().map(|word| word.replace("$SLURM_ARRAY_TASK_ID", "0").replace("$SCRATCH", "scratch")).collect()
}

/// Whether a command is a name in a sentence, as `spikeloom run`.
fn is_name(words: &[String]) -> bool {
    words.iter().skip(1).all(|word| word.chars().all(char::is_lowercase)) && words.len() <= 3
}

fn printed() -> BTreeSet<String> {
    let of = |page: &PathBuf| commands(&fs::read_to_string(page).expect("readable"));
    pages().iter().flat_map(of).collect()
}

#[test]
fn every_printed_command_is_known_and_has_its_row() {
    let printed = printed();
    assert!(printed.len() > 60, "only {} commands were found", printed.len());
    let (mut wrong, mut used) = (Vec::new(), BTreeSet::new());
    for command in &printed {
        let words = words(command);
        let row = ROWS.iter().position(|(begin, _)| command.starts_with(begin));
        used.extend(row);
        if row.is_none() && !is_name(&words) {
            wrong.push(format!("`{command}` is not in the table of this test"));
        }
        if let Err(error) = spikeloom_cli::Args::try_parse_from(&words) {
            let named = [
                ErrorKind::MissingRequiredArgument,
                ErrorKind::MissingSubcommand,
                ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand,
            ];
            let form = row.is_some_and(|row| matches!(ROWS[row].1, Form)) && error.kind() == ErrorKind::InvalidValue;
            if !(is_name(&words) && named.contains(&error.kind()) || form) {
                wrong.push(format!("`{command}`: {}", error.to_string().lines().next().unwrap_or("")));
            }
        }
    }
    let unused =
        (0..ROWS.len()).filter(|row| !used.contains(row)).map(|row| format!("`{}` is printed nowhere", ROWS[row].0));
    wrong.extend(unused);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What a reader has who tries the commands: networks, recordings, a chip, a space, pictures.
fn belongings(at: &Path) {
    copy(&root().join("spaces"), &at.join("spaces"));
    let space = fs::read_to_string(at.join("spaces/first.ron")).expect("readable");
    fs::write(at.join("space.ron"), space.replace("\"first\"", "\"space\"")).expect("writable");
    fs::create_dir(at.join("scratch")).expect("a folder");
    fs::copy(root().join("models/netx/data/tinynet/tiny.net"), at.join("net.net")).expect("copied");
    fs::copy(root().join("models/nir/golden/lif_norse.nir"), at.join("net.nir")).expect("copied");
    fs::write(at.join("events.csv"), "timestep,neuron\n0,0\n3,0\n4,0\n").expect("writable");
    let network = r#"{"mode": "snn", "T": 4, "layers": [
        {"kind": "fc", "name": "a", "nin": 20, "nout": 10, "neuron": "if", "theta_in": 30, "theta_out": 10},
        {"kind": "fc", "name": "b", "nin": 10, "nout": 10, "neuron": "if", "theta_in": 10, "theta_out": 5}]}"#;
    fs::write(at.join("network.json"), network).expect("writable");
    for (class, shade) in [("dark", 40u8), ("bright", 200)] {
        let folder = at.join("photos").join(class);
        fs::create_dir_all(&folder).expect("a folder");
        for i in 0..30u8 {
            let pixels: Vec<u8> = (0..64u8).map(|k| shade.wrapping_add(k.wrapping_mul(7 * i) % 31)).collect();
            let mut encoder =
                png::Encoder::new(fs::File::create(folder.join(format!("{i}.png"))).expect("writable"), 8, 8);
            encoder.set_color(png::ColorType::Grayscale);
            encoder.write_header().and_then(|mut w| w.write_image_data(&pixels)).expect("an image");
        }
    }
    let prepare: [&[&str]; 3] = [
        &["chip", "new", "my_chip"],
        &["run", "--limit", "2", "--output", "a.json"],
        &["run", "--limit", "2", "--arch", "seneca_like", "--output", "b.json"],
    ];
    for args in prepare {
        assert_eq!(spikeloom(at, args).code, 0, "{args:?}");
    }
}

#[test]
fn printed_commands_run_as_printed() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let at = dir.path();
    belongings(at);
    let (all, mut skipped) = (printed(), Vec::new());
    for (row, (begin, how)) in ROWS.iter().enumerate() {
        let own = |command: &&String| ROWS.iter().position(|(begin, _)| command.starts_with(begin)) == Some(row);
        for command in all.iter().filter(own) {
            let mut words = words(command);
            let (code, said) = match how {
                Run => (0, ""),
                Fails(code, said) => (*code, *said),
                With(more) => {
                    words.extend(more.iter().map(|word| (*word).to_owned()));
                    (0, "")
                }
                Form => continue,
                Needs(what) => {
                    skipped.push(format!("`{command}`: needs {what}"));
                    continue;
                }
            };
            let words: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
            let ran = spikeloom(at, &words);
            assert!(
                ran.code == code && ran.err.contains(said),
                "`{command}`: exit code {}\n{}{}",
                ran.code,
                ran.out,
                ran.err
            );
        }
        assert!(!begin.is_empty());
    }
    eprintln!("not run:\n{}", skipped.join("\n"));

    // What the pages promise of an exported file: its timestep is in it, and another is refused for that reason.
    let wrong = spikeloom(at, &["run", "mnist.nir", "--dt", "1e-4", "--limit", "2"]);
    assert_eq!(wrong.code, 2, "{}", wrong.out);
    for part in ["mnist.nir", "--dt 1e-4 contradicts the file", "leave --dt out"] {
        assert!(wrong.err.contains(part), "no `{part}` in {}", wrong.err);
    }
    assert!(!wrong.err.contains("threshold"), "{}", wrong.err);
    assert_eq!(spikeloom(at, &["run", "mnist.nir", "--limit", "2"]).code, 0);
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            fs::copy(&path, to.join(path.file_name().expect("a name"))).expect("copied");
        }
    }
}
