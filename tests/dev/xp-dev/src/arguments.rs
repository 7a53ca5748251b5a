//! Options of the subcommands: `--name VALUE`, and after `--` arguments for another program.

use crate::failure::Failure;

/// A parsed command line.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Arguments {
    options: Vec<(String, String)>,
    pub flags: Vec<String>,
    pub rest: Vec<String>,
}

impl Arguments {
    /// Parses the given options (with a value) and flags (without one). Others are refused.
    pub fn parse(given: &[String], options: &[&str], flags: &[&str]) -> Result<Self, Failure> {
        let mut parsed = Self::default();
        let mut given = given.iter();
        while let Some(argument) = given.next() {
            let (name, joined) = match argument.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (argument.as_str(), None),
            };
            if argument == "--" {
                parsed.rest = given.cloned().collect();
                break;
            } else if options.contains(&name) {
                let value = joined
                    .or_else(|| given.next().cloned())
                    .ok_or_else(|| Failure::usage(format!("`{name}` wants a value")))?;
                parsed.options.push((name.to_owned(), value));
            } else if flags.contains(&argument.as_str()) {
                parsed.flags.push(argument.clone());
            } else {
                return Err(Failure::usage(format!("unknown argument `{argument}`; see `cargo dev help`")));
            }
        }
        Ok(parsed)
    }

    /// The last value given for an option.
    pub fn option(&self, name: &str) -> Option<&str> {
        self.options.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The last value given for an option, which must be a number.
    pub fn number(&self, name: &str) -> Result<Option<u64>, Failure> {
        self.option(name)
            .map(|text| {
                text.parse().map_err(|_| Failure::usage(format!("`{name}` wants a number, not `{text}`")))
            })
            .transpose()
    }

    pub fn flag(&self, name: &str) -> bool {
        self.flags.iter().any(|flag| flag == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Arguments, Failure> {
        let given: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        Arguments::parse(&given, &["--seed"], &["--list"])
    }

    #[test]
    fn options_flags_and_the_rest() {
        let parsed = parse("--seed 1 --list --seed=7 -- --seed x").unwrap();
        assert_eq!(parsed.number("--seed").unwrap(), Some(7));
        assert!(parsed.flag("--list"));
        assert_eq!(parsed.rest, ["--seed", "x"]);
    }

    #[test]
    fn what_is_not_known_is_refused() {
        for line in ["--sed 1", "--seed", "--list=yes", "more"] {
            assert_eq!(parse(line).unwrap_err().code, 2, "{line}");
        }
        assert_eq!(parse("--seed x").unwrap().number("--seed").unwrap_err().code, 2);
    }
}
