//! Thousands of operations at random on a union and on a real directory: every answer and every tree is the same.

use super::*;

pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % sides
    }

    fn of<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.roll(items.len())]
    }

    fn path(&mut self) -> String {
        let names = [
            "a", "b", "d", "e", "f", "g", "to_a", "to_d", "up", "new", "empty", "sealed", "in",
        ];
        let depth = self.of(&[1, 1, 1, 2, 2, 2, 3, 4]);
        let parts: Vec<&str> = (0..depth).map(|_| self.of(&names)).collect();
        parts.join("/")
    }

    pub fn op(&mut self) -> Op {
        let (path, other) = (self.path(), self.path());
        let flag = self.roll(2) == 0;
        match self.roll(24) {
            0..=4 => {
                let how = [libc::O_RDONLY, libc::O_WRONLY, libc::O_RDWR];
                let mut flags = self.of(&how);
                for more in [
                    libc::O_CREAT,
                    libc::O_EXCL,
                    libc::O_TRUNC,
                    libc::O_APPEND,
                    libc::O_NOFOLLOW,
                    libc::O_DIRECTORY,
                ] {
                    let rare = [libc::O_EXCL, libc::O_NOFOLLOW, libc::O_DIRECTORY].contains(&more);
                    if self.roll(if rare { 8 } else { 2 }) == 0 {
                        flags |= more;
                    }
                }
                if flags & libc::O_CREAT == 0 {
                    // Means nothing without.
                    flags &= !libc::O_EXCL;
                }
                let text = format!("text {}", self.roll(1000));
                Op::Open(path, flags, self.of(&[0o666, 0o600, 0o755]), text)
            }
            5 | 6 => Op::MakeDirectory(path, self.of(&[0o777, 0o700])),
            7 => Op::RemoveDirectory(path),
            8 | 9 => Op::Remove(path),
            10..=14 => Op::Rename(path, other, self.roll(5) == 0),
            15 => Op::Link(path, other),
            16 => Op::Symlink(other, path),
            17 => Op::Mode(path, self.of(&[0o755, 0o700, 0o777, 0o741])),
            18 => Op::Times(path, 1_000_000_000 + self.roll(1000) as i64, flag),
            19 => Op::Truncate(path, self.roll(20) as u64),
            20 => Op::Owner(path, flag),
            21 => Op::Stat(path, flag),
            22 => Op::List(path),
            _ => Op::ReadLink(path),
        }
    }
}

#[test]
fn a_union_does_what_a_directory_does() {
    let (mut worked, mut failed) = (0, 0);
    for seed in 1..=24u64 {
        let pair = match seed % 3 {
            0 => Pair::of(lower_without_links()),
            _ => Pair::new(),
        };
        let mut dice = Dice::new(seed);
        for round in 0..250 {
            let op = dice.op();
            let expected = pair.control.run(&op);
            let got = pair.union.run(&op);
            assert_eq!(got, expected, "seed {seed} round {round}: {op:?}");
            match got {
                Ok(_) => worked += 1,
                Err(_) => failed += 1,
            }
            if round % 20 == 0 {
                let expected = snapshot(&pair.control, true);
                let got = snapshot(&pair.union, true);
                assert_eq!(got, expected, "seed {seed} round {round} after {op:?}");
            }
        }
        pair.check();
    }
    assert!(worked > 500 && failed > 500, "{worked} {failed}");
}
