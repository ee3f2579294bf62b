//! `docs/chip.md` is what the types of a chip description and their comments say, field by field.
//!
//! `UPDATE_DOCS=1 cargo test -p spikeloom-isa --test chip_page` writes the page again.

use std::{collections::BTreeMap, fs, path::Path};

/// A field, or a variant.
struct Item {
    name: String,
    kind: String,
    doc: String,
}

/// A structure or an enumeration.
struct Type {
    doc: String,
    is_enum: bool,
    items: Vec<Item>,
}

/// The public types of a source file by name.
fn types(source: &str) -> BTreeMap<String, Type> {
    let mut types = BTreeMap::new();
    let mut doc: Vec<String> = Vec::new();
    let mut open: Option<(String, Type)> = None;
    let mut depth = 0;
    for line in source.lines() {
        let line = line.trim();
        if let Some(text) = line.strip_prefix("///") {
            doc.push(text.trim().replace("\\[", "[").replace("\\]", "]"));
            continue;
        }
        if line.starts_with("#[") {
            continue;
        }
        let said = std::mem::take(&mut doc).join(" ");
        match &mut open {
            None => {
                let head = line.strip_prefix("pub struct ").or_else(|| line.strip_prefix("pub enum "));
                let name = head.and_then(|head| head.strip_suffix(" {"));
                if let Some(name) = name.filter(|name| name.chars().all(char::is_alphanumeric)) {
                    open = Some((name.into(), Type { doc: said, is_enum: line.contains("enum"), items: Vec::new() }));
                    depth = 0;
                }
            }
            Some((name, _)) if line == "}" && depth == 0 => {
                let name = name.clone();
                let (_, of) = open.take().expect("it is open");
                types.insert(name, of);
            }
            Some((_, of)) => {
                let field = line.strip_prefix("pub ").or(of.is_enum.then_some(line)).unwrap_or("");
                if depth == 0 && !field.is_empty() && !field.starts_with(['}', '/']) {
                    let (name, kind) = if of.is_enum {
                        let end = field.find(|c: char| !c.is_alphanumeric()).unwrap_or(field.len());
                        (&field[..end], field[end..].trim_end_matches(','))
                    } else {
                        field.trim_end_matches(',').split_once(": ").unwrap_or((field, ""))
                    };
                    of.items.push(Item { name: name.into(), kind: kind.into(), doc: said });
                }
                depth += line.matches('{').count();
                depth -= line.matches('}').count().min(depth);
            }
        }
    }
    types
}

/// A type in words.
fn kind(kind: &str) -> String {
    let inner = |wrapper: &str| kind.strip_prefix(wrapper).and_then(|rest| rest.strip_suffix('>'));
    if let Some(of) = inner("Option<") {
        return format!("{}, or none", self::kind(of));
    }
    if let Some(of) = inner("Vec<") {
        return format!("list of {}", self::kind(of));
    }
    match kind {
        "Constant" => "figure".into(),
        "i8" | "u8" | "u16" | "u32" | "u64" => "number".into(),
        "f32" | "f64" => "real number".into(),
        "bool" => "true or false".into(),
        "String" => "text".into(),
        "(u32, u32)" => "two numbers".into(),
        "(u32, Constant)" => "(number, figure)".into(),
        other => format!("[{other}](#{})", other.to_lowercase()),
    }
}

/// Types from `name` on, each after the one that first mentions it, with the paths that lead there.
fn reached<'a>(types: &'a BTreeMap<String, Type>, name: &'a str, path: &str, found: &mut Vec<(&'a str, Vec<String>)>) {
    match found.iter_mut().find(|(known, _)| *known == name) {
        Some((_, paths)) => {
            paths.push(path.into());
            return;
        }
        None => found.push((name, vec![path.into()])),
    }
    for item in &types[name].items {
        for other in types.keys() {
            let mentions = item.kind.split(|c: char| !c.is_alphanumeric()).any(|word| word == other);
            if mentions && other != name {
                let below = if types[name].is_enum { path.to_owned() } else { format!("{path}{}.", item.name) };
                reached(types, other, &below, found);
            }
        }
    }
}

fn page() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/arch");
    let mut files: Vec<_> = fs::read_dir(folder).expect("the sources are here").flatten().map(|e| e.path()).collect();
    files.sort();
    let mut all = BTreeMap::new();
    for file in files.iter().filter(|file| file.extension().is_some_and(|e| e == "rs")) {
        let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or("");
        if !["parse", "preset", "validate"].contains(&stem) {
            all.extend(types(&fs::read_to_string(file).expect("readable")));
        }
    }
    let mut found = Vec::new();
    reached(&all, "Arch", "", &mut found);
    let mut page = String::from(
        "# Chip descriptions\n\n\
         A chip is a file in [RON](https://github.com/ron-rs/ron). `spikeloom chip new NAME` writes one to begin with, `chip check` reads \
         it, `chip show` lists its fields by path, `chip diff` compares two; `--set PATH=VALUE` of `run` and `compile` changes a field for \
         one command, and a space ([exploration.md](exploration.md)) changes many.\n\n\
         This page is made from the types of the description (`isa/src/arch`) and their comments, and a test holds the two together. A \
         *figure* is a number with its range, source and basis, as in `(value: 1024, low: 1024, high: 1024, source: \"Davies 2018\", \
         basis: Specified)`; set by path it is its number alone, and then assumed. A field that may be *none* is `None` or `Some(…)` in the \
         file, and the word `none` by path.\n",
    );
    for (name, paths) in found {
        let Type { doc, is_enum, items } = &all[name];
        page += &format!("\n## {name}\n\n{doc}\n");
        let places: Vec<String> = paths
            .iter()
            .filter(|path| !path.is_empty())
            .map(|path| format!("`{}`", path.trim_end_matches('.')))
            .collect();
        // What stands nearly everywhere is told by its fields.
        if !places.is_empty() && places.len() <= 8 {
            page += &format!("\nAt {}.\n", places.join(", "));
        }
        page += if *is_enum {
            "\n| value | meaning |\n|---|---|\n"
        } else {
            "\n| field | type | meaning |\n|---|---|---|\n"
        };
        for item in items {
            let doc = item.doc.replace('|', "\\|");
            if *is_enum {
                page += &format!("| `{}` | {doc} |\n", item.name);
            } else {
                page += &format!("| `{}` | {} | {doc} |\n", item.name, kind(&item.kind));
            }
        }
    }
    page
}

#[test]
fn the_page_is_what_the_types_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/chip.md");
    let page = page();
    for field in ["tick_ps", "banks", "virtual_channels", "buffer_flits", "flit_interval", "fan_in", "cores_per_router"]
    {
        assert!(page.contains(&format!("| `{field}` |")), "{field}");
    }
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &page).expect("docs are writable");
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/chip.md is not what the types say; UPDATE_DOCS=1 cargo test -p spikeloom-isa --test chip_page writes it again"
    );
}
