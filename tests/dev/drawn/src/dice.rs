//! A source of chance.

/// SplitMix64 (Steele, Lea, Flood 2014), a small seedable generator.
pub(crate) struct Dice(u64);

impl Dice {
    pub fn of(seed: u64) -> Self {
        Self(seed)
    }

    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 to `below` - 1.
    pub fn pick(&mut self, below: usize) -> usize {
        (self.draw() % below.max(1) as u64) as usize
    }

    pub fn chance(&mut self, percent: usize) -> bool {
        self.pick(100) < percent
    }

    pub fn of_list<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.pick(list.len())]
    }
}
