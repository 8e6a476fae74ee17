# frozen_string_literal: true

# Each Rust crate is a house with floors: a file imports from its own folder and from floors below.
require_relative "support/rust_floors"

module Floors
  # For each crate its folder, and its top-level modules from the ground up. Modules in one Array share a floor, and do
  # not know each other. No arrow runs up, and no circle crosses a folder; `circles` says how many there are inside of
  # one, among the pieces of one module.
  CRATES = {
    "invfs-engine" => { source: "ext/invfs/engine/src",
                        floors: [%w[error path load_size elf crc32 hash os unused_name sink], %w[root_map symlinks source libraries], "vfs",
                                 "compiled", "archive", "lib"],
                        circles: 2 },
    "invfs-fs" => { source: "ext/invfs/fs/src", floors: ["sys", "fingerprint", "buffered", "file_system", %w[read_only overlay], "mounts", "lib"] },
    "invfs-interpose" => { source: "ext/invfs/interpose/src",
                           floors: [%w[open patch], "paths", "hooks", %w[as_seen install], %w[load_library mounted_file], "lib"],
                           circles: 1 },
    "invfs-launcher" => { source: "ext/invfs/launcher/src",
                          floors: [%w[arguments description provided], "own_file", %w[mounted ruby], %w[compiled program], "start", "entry", "lib"] },
    "invfs" => { source: "ext/invfs/src", floors: %w[helpers ruby_api require mount lib] }
  }.freeze

  def self.of(source, floors) = RustFloors.new(File.expand_path("../#{source}", __dir__), floors)

  # Prints a line for each crate, and each arrow that is wrong.
  def self.count
    CRATES.each do |name, crate|
      floors = of(*crate.values_at(:source, :floors))
      puts "#{name}: #{floors.files.size} files, #{floors.arrows.size} arrows, #{floors.up.size} run up, " \
           "#{floors.circles.size} circles of files (#{floors.wide_circles.size} across folders), " \
           "#{floors.folder_circles.size} of folders"
      floors.up.each { |arrow| puts "  up: #{arrow}" }
      (floors.circles + floors.folder_circles).each { |circle| puts "  circle: #{circle.join(" ")}" }
    end
  end
end

if ARGV.delete("--count")
  Floors.count
  exit
end

require "minitest/autorun"
require "fileutils"
require "tmpdir"

class FloorsTest < Minitest::Test
  Floors::CRATES.each do |name, crate|
    define_method("test_#{name}") do
      floors = Floors.of(*crate.values_at(:source, :floors))
      assert_empty floors.strays, "in no module"
      assert_empty floors.homeless, "on no floor"
      assert_empty floors.up.map(&:to_s), "arrows that run up"
      assert_operator floors.circles.size, :<=, crate.fetch(:circles, 0), floors.circles.inspect
      assert_empty floors.wide_circles, "circles across folders"
      assert_empty floors.folder_circles, "circles of folders"
    end
  end

  # A small house in order: `top` over `middle` over `base`.
  HOUSE = {
    "lib.rs" => "mod base; mod middle; mod top; fn init() { top::start() }",
    "base.rs" => "pub fn brick() {}",
    "middle/mod.rs" => "pub mod beam;\npub mod floor;\npub use floor::Board;",
    "middle/beam.rs" => "use crate::base::brick;",
    "middle/floor.rs" => "use super::beam;\npub struct Board;",
    "top.rs" => "use crate::middle::{beam::{self, Thing as Other}, Board};\npub fn start() {}"
  }.freeze
  ORDER = %w[base middle top lib].freeze

  def house(changes = {}, floors = ORDER)
    Dir.mktmpdir do |dir|
      HOUSE.merge(changes).each do |name, text|
        FileUtils.mkdir_p(File.dirname("#{dir}/#{name}"))
        File.write("#{dir}/#{name}", text)
      end
      RustFloors.new(dir, floors)
    end
  end

  def arrows(changes = {}) = house(changes).arrows.map { |arrow| [arrow.from, arrow.to] }

  # The one arrow that runs up when `base.rs` reads so.
  def assert_up(target, text)
    assert_equal [["base.rs", target]], house({ "base.rs" => text }).up.map { |arrow| [arrow.from, arrow.to] }, text
  end

  def test_a_house_in_order
    assert_equal [["lib.rs", "top.rs"], ["middle/beam.rs", "base.rs"], ["middle/floor.rs", "middle/beam.rs"],
                  ["middle/mod.rs", "middle/floor.rs"], ["top.rs", "middle/beam.rs"], ["top.rs", "middle/floor.rs"]], arrows
    assert_empty house.up + house.circles + house.folder_circles + house.strays + house.homeless
  end

  def test_arrows_up
    assert_up "top.rs", "use crate::top::start;"
    assert_up "top.rs", "use super::top;"
    assert_up "top.rs", "pub(crate) use super::{base::x, top::{start as begin}};"
    assert_up "top.rs", "use std::{io, fmt}; use crate::{\n  top::start,\n};"
    assert_up "top.rs", "fn f() { crate::top::start() }"
    assert_up "top.rs", "fn f() -> Option<super::top::Thing> { None }"
    assert_up "top.rs", "mod inner { use super::super::top::*; }"
    assert_up "top.rs", "fn f() { use crate::top as t; t::start() }"
    assert_up "top.rs", "fn f<'a>(x: &'a str) -> char { 'x' } fn g() { crate::top::start() }"
    assert_up "middle/beam.rs", "use crate::middle::beam;"
    assert_equal %w[lib.rs top.rs], house({ "base.rs" => "use crate as me; fn f() { me::top::start() }" }).up.map(&:to)
    # The file behind the name, not that of the module which hands it on.
    assert_up "middle/floor.rs", "use crate::middle::Board;"
    # A module itself, and what is reached through it.
    assert_equal %w[middle/beam.rs middle/mod.rs],
                 house({ "base.rs" => "use crate::middle; fn f() { middle::beam::g() }" }).up.map(&:to)
  end

  def test_what_is_no_arrow
    [
      "// use crate::top;\n/* crate::top::a /* b */ super::top::c */", "/// See [`crate::top`].", 'const A: &str = "crate::top::x";',
      "const A: &str = r#\"crate::top::\"x\"#;", "use std::top; fn f() { x.top(); a::top::b() }", "#[cfg(test)] mod tests { use crate::top; }"
    ].each { |text| assert_empty house({ "base.rs" => text }).up, text }
  end

  def test_rooms_of_one_floor_do_not_know_each_other
    assert_empty house({}, ["base", %w[middle], "top", "lib"]).up
    assert_equal ["middle/beam.rs"], house({}, [%w[base middle], "top", "lib"]).up.map(&:from)
  end

  def test_circles
    pair = ["middle/beam.rs", "middle/floor.rs"]
    assert_equal [pair], house({ "middle/beam.rs" => "use super::floor;" }).circles
    assert_empty house({ "middle/beam.rs" => "use super::floor;" }).wide_circles
    wide = house({ "base.rs" => "use crate::middle::beam;" })
    assert_equal [["base.rs", "middle/beam.rs"]], wide.wide_circles
    assert_equal [%w[base middle]], wide.folder_circles
    # Folders may run in a circle though no files do.
    folders = house({ "base.rs" => "use crate::middle::floor;", "middle/floor.rs" => "" })
    assert_equal [[], [%w[base middle]]], [folders.circles, folders.folder_circles]
  end

  def test_files_of_modules
    other = { "base.rs" => "#[cfg(unix)] mod a;\n#[cfg(not(unix))]\n#[path = \"none.rs\"]\nmod a;\nfn f() { a::g() }",
              "base/a.rs" => "", "none.rs" => "use crate::top;" }
    assert_equal ["base/a.rs", "none.rs"], house(other).arrows.select { |arrow| arrow.from == "base.rs" }.map(&:to)
    assert_equal ["none"], house(other).homeless
    assert_equal ["stray.rs"], house({ "stray.rs" => "" }).strays
  end
end
