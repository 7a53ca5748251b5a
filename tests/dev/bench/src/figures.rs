//! Statistics of measurements, and their printed form.

use std::time::{Duration, Instant};

/// Measurements of one thing.
pub struct Sample(Vec<Duration>);

impl Sample {
    pub fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    /// Measures `act`, `times` times.
    pub fn repeat(times: usize, mut act: impl FnMut() -> crate::Done) -> crate::Done<Self> {
        let mut taken = Vec::with_capacity(times);
        for _ in 0..times {
            let begun = Instant::now();
            act()?;
            taken.push(begun.elapsed());
        }
        Ok(Self::of(taken))
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The smallest one that this many percent do not exceed (nearest rank).
    pub fn percentile(&self, percent: usize) -> Duration {
        let rank = (self.0.len() * percent).div_ceil(100).max(1);
        self.0.get(rank - 1).or(self.0.last()).copied().unwrap_or_default()
    }

    pub fn median(&self) -> Duration {
        self.percentile(50)
    }

    /// `12.3 ms (11.9 to 14.0, 15 times)`: the median, the extremes, the number of measurements.
    pub fn text(&self) -> String {
        let (least, most) =
            (self.0.first().copied().unwrap_or_default(), self.0.last().copied().unwrap_or_default());
        format!("{} ({} to {}, {} times)", time(self.median()), time(least), time(most), self.len())
    }
}

/// A duration with three digits and a unit.
pub fn time(time: Duration) -> String {
    let nanos = time.as_secs_f64() * 1e9;
    let (value, unit) = match nanos {
        n if n < 1e3 => (n, "ns"),
        n if n < 1e6 => (n / 1e3, "µs"),
        n if n < 1e9 => (n / 1e6, "ms"),
        n => (n / 1e9, "s"),
    };
    let digits = if value < 10.0 { 2 } else { usize::from(value < 100.0) };
    format!("{value:.digits$} {unit}")
}

pub fn heading(text: &str) {
    println!("\n{text}");
}

pub fn row(name: &str, value: &str) {
    println!("  {name:<58} {value}");
}

/// Prints the host's number of cores and load average, for the interpretation of the figures.
pub fn place() {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load: Vec<&str> = load.split_whitespace().take(3).collect();
    println!(
        "{cores} cores; load average {}",
        if load.is_empty() { "unknown".into() } else { load.join(" ") }
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_measured_values() {
        let sample = Sample::of((1..=200).rev().map(Duration::from_nanos).collect());
        assert_eq!(sample.median(), Duration::from_nanos(100));
        assert_eq!(sample.percentile(99), Duration::from_nanos(198));
        assert_eq!(Sample::of(vec![Duration::from_nanos(7)]).percentile(99), Duration::from_nanos(7));
    }

    #[test]
    fn times_have_three_digits() {
        assert_eq!(time(Duration::from_nanos(999)), "999 ns");
        assert_eq!(time(Duration::from_nanos(1_234)), "1.23 µs");
        assert_eq!(time(Duration::from_millis(45_600)), "45.6 s");
    }
}
