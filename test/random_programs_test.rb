# frozen_string_literal: true

# Long random programs of requires, loads and edits of $: and $", each compared with plain Ruby step by step.
require_relative "test_helper"

class RandomProgramsTest < Minitest::Test
  include Differential

  SEEDS = (1..24)
  STEPS = 60

  # Some files are in one tree only, some in several, some need each other. None is called b.rb: Ruby takes the b of
  # the extension for the name there, and loads such a file twice.
  TREES = {
    main: { "a.rb" => "say", "h.rb" => "say; require 'a'", "d/c.rb" => "say; require_relative '../h'", "x.rb" => "say; raise 'x'" },
    other: { "a.rb" => "say", "e.rb" => "say; require 'd/c'", "d/c.rb" => "say", "d/f.rb" => "say; require_relative 'c'" },
    real: { "h.rb" => "say; require 'e'", "g.rb" => "say; require 'x'", "d/f.rb" => "say", "a.rb.rb" => "say" }
  }.freeze

  NAMES = %w[a h d/c e d/f g x a.rb nothing d/../a ./a].freeze
  ROOTED = %w[a h.rb d/c e d/f.rb x nothing].freeze

  # The first search gives a VFS its place, which it keeps, in $: or not. Files that invfs itself loads for a wrapped
  # file are then in $" before the edits begin.
  PRELUDE = <<~'RUBY'
    Thread.report_on_exception = false
    def say = puts("  run #{caller_locations(1, 1)[0].path}")
    def step(number)
      result = yield
      puts "#{number} #{result.inspect}"
    rescue LoadError, StandardError => e
      puts "#{number} #{e.class}: #{e.message}"
    end
    def own = $".select { |path| ROOTS.each_value.any? { |root| path.start_with?(root + "/") } }
    def at(tree) = $:.index { |entry| entry.equal?(ENTRIES[tree]) || entry == ENTRIES[tree] }
    step(:first) { require("nothing") }
    step(:second) { load("d/f.rb", true) }
  RUBY

  SEEDS.each do |seed|
    define_method("test_program_#{seed}") do
      program = PRELUDE + steps(Random.new(seed)).each_with_index.map { |code, number| "step(#{number}) { #{code} }\n" }.join
      assert_as_on_disk(TREES[:main], "#{program}puts own", trees: { other: TREES[:other] }, on_disk: { real: TREES[:real] },
                                                           push: %i[real other main], kinds: %i[zip_fs archive_path user_vfs mount])
    rescue Minitest::Assertion => e
      raise e.class, "seed #{seed}: #{e.message}\n#{program}"
    end
  end

  private

  def steps(random)
    Array.new(STEPS) { pick(random, [:requires] * 6 + [:loads] + [:features] * 2 + [:load_path] * 2).then { |kind| send(kind, random) } }
  end

  def pick(random, values)
    values[random.rand(values.size)]
  end

  def tree(random)
    pick(random, TREES.keys).inspect
  end

  def requires(random)
    name = pick(random, NAMES)
    rooted = pick(random, ROOTED)
    pick(random, ["require(#{name.inspect})", "require(#{name.inspect})", "require(#{"#{name}.rb".inspect})",
                  "require(ROOTS[#{tree(random)}] + \"/#{rooted}\")", "require_relative(ROOTS[#{tree(random)}] + \"/#{rooted}\")",
                  "Kernel.require(#{name.inspect})", "Thread.new { require(#{name.inspect}) rescue $!.class }.value",
                  "n = +#{name.inspect}; require(n) if n.frozen? || true", "require(#{name.inspect}.b)"])
  end

  def loads(random)
    pick(random, ["load(#{"#{pick(random, NAMES)}.rb".inspect})", "load(ROOTS[#{tree(random)}] + \"/#{pick(random, ROOTED)}\")",
                  "load(#{"#{pick(random, NAMES)}.rb".inspect}, true)"])
  end

  def features(random)
    one = "own[#{random.rand(5)}]"
    pick(random, ["$\".delete(#{one}); 0", "$\".delete(own.last); 0", "$\".concat(own.take(1)); 0", "own.size", "own",
                  "$\".reject! { |path| own.include?(path) }; 0", "$\".reverse!; 0", "$\".replace($\".dup); 0",
                  "$\" << ROOTS[#{tree(random)}] + \"/#{pick(random, %w[a h d/c])}.rb\"; 0", "$\".rotate!; 0",
                  "(i = $\".index(#{one})) && $\"[i] = ROOTS[#{tree(random)}] + \"/h.rb\"; 0", "$\" << \"/somewhere/else.rb\"; 0",
                  "$\".sort!; 0", "$\".delete(own.last) if own.size > 2; 0"])
  end

  def load_path(random)
    one = "ENTRIES[#{tree(random)}]"
    pick(random, ["$:.unshift(#{one}); 0", "$: << #{one}; 0", "(i = at(#{tree(random)})) && $:.delete_at(i); 0",
                  "$:.insert(1, #{one}); 0", "$:.rotate!; 0", "$:.reverse!; 0", "$:.replace($:.dup); 0",
                  "(i = at(#{tree(random)})) && $:[i] = #{one}; 0", "$:.uniq! { |entry| entry.to_s }; 0",
                  "Dir.chdir(BASE); 0", "Dir.chdir(\"/\"); 0", "$:.unshift(\"\").shift; 0"])
  end
end
