//! Folders of class folders: which files there are, and which class each has.
//!
//! ```text
//! DATA/train/cat/1.png   DATA/test/cat/1.png      or      DATA/cat/1.png      or, without classes,      DATA/1.png
//! ```
//!
//! Folders that are numbered are classes of these numbers; others are classes in the order of their names.

use super::{files, folders, split_of};
use crate::dataset::Split;
use crate::error::{Cause, DataError};
use std::path::{Path, PathBuf};

/// Files with their classes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entries {
    /// The files, class by class, in the order of their names; the class is absent in a folder without class folders.
    pub files: Vec<(PathBuf, Option<u32>)>,
    /// Names of the classes; empty where they are their numbers.
    pub classes: Vec<String>,
}

/// The files of a split below a folder.
///
/// # Errors
/// If a folder cannot be read, or holds nothing.
pub fn entries(folder: &Path, split: Split) -> Result<Entries, DataError> {
    let inside = folders(folder)?;
    // A class may be called train: folders are splits if all are, or if there are both.
    let is = |split| inside.iter().any(|path| split_of(path) == Some(split));
    let are_splits = inside.iter().all(|path| split_of(path).is_some()) || (is(Split::Train) && is(Split::Test));
    let of_split = inside.iter().find(|path| are_splits && split_of(path) == Some(split));
    if let Some(own) = of_split {
        return entries(own, split);
    }
    if !inside.is_empty() && are_splits {
        let remedy = "Name its folders with train and test, or give the folder inside.";
        return Err(DataError::new(folder, "", Cause::refused(format!("has no folder of {split} samples"), remedy)));
    }
    let name = |path: &PathBuf| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let numbers: Option<Vec<u32>> = inside.iter().map(|path| name(path).parse().ok()).collect();
    let mut found = Entries { files: Vec::new(), classes: Vec::new() };
    if inside.is_empty() {
        found.files = files(folder)?.into_iter().map(|file| (file, None)).collect();
    }
    for (i, class) in inside.iter().enumerate() {
        let label = numbers.as_ref().map_or(i as u32, |numbers| numbers[i]);
        found.files.extend(files(class)?.into_iter().map(|file| (file, Some(label))));
        if numbers.is_none() {
            found.classes.push(name(class));
        }
    }
    if numbers.is_some() {
        found.files.sort_by_key(|(_, label)| *label);
    }
    if found.files.is_empty() {
        let remedy = "Give a folder with one folder per class, or a folder of files.";
        return Err(DataError::new(folder, "", Cause::refused("holds no files", remedy)));
    }
    Ok(found)
}

impl Entries {
    /// The classes in words, where they have names.
    pub fn remark(&self) -> Option<String> {
        let list: Vec<String> = self.classes.iter().enumerate().map(|(i, name)| format!("{name} = {i}")).collect();
        (!list.is_empty()).then(|| format!("classes by the folders' names: {}", list.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn folder(paths: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for path in paths {
            fs::create_dir_all(dir.path().join(path).parent().unwrap()).unwrap();
            fs::write(dir.path().join(path), "").unwrap();
        }
        dir
    }

    fn found(dir: &tempfile::TempDir, split: Split) -> Vec<(String, Option<u32>)> {
        let entries = entries(dir.path(), split).unwrap().files;
        entries.into_iter().map(|(p, l)| (p.file_name().unwrap().to_string_lossy().into_owned(), l)).collect()
    }

    #[test]
    fn numbers_names_and_splits() {
        let dir = folder(&["10/a", "2/b", "2/.hidden"]);
        assert_eq!(found(&dir, Split::Test), [("b".into(), Some(2)), ("a".into(), Some(10))]);
        let dir = folder(&["train/dog/a", "train/cat/b", "test/dog/c", "test/cat/d"]);
        assert_eq!(found(&dir, Split::Train), [("b".into(), Some(0)), ("a".into(), Some(1))]);
        assert_eq!(found(&dir, Split::Test), [("d".into(), Some(0)), ("c".into(), Some(1))]);
        let remark = entries(dir.path(), Split::Test).unwrap().remark().unwrap();
        assert_eq!(remark, "classes by the folders' names: cat = 0, dog = 1");
        assert_eq!(found(&folder(&["b", "a"]), Split::Test), [("a".into(), None), ("b".into(), None)]);
        let named = folder(&["bus/a", "train/b"]);
        assert_eq!(found(&named, Split::Test), [("a".into(), Some(0)), ("b".into(), Some(1))]);
        let one = entries(folder(&["train/cat/b"]).path(), Split::Test).unwrap_err().to_string();
        assert!(one.contains("has no folder of test samples"), "{one}");
        assert!(entries(folder(&[]).path(), Split::Test).unwrap_err().to_string().contains("holds no files"));
    }
}
