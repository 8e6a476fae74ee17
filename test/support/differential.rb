# frozen_string_literal: true

# The heart of the suite: one program, run on a real directory by plain Ruby and on every kind of VFS with invfs.
require "minitest"
require "tmpdir"
require_relative "case_processes"
require_relative "gc_stress"
require_relative "normal_form"
require_relative "sides"

# Included by test classes; gives `assert_as_on_disk`.
#
# A program sees ROOT (where the files appear), ENTRY (the entry of $:), BASE (the directory around them), Probe, and,
# for further trees, ROOTS[:name] and ENTRIES[:name].
module Differential
  # Runs `program` with `files` in each kind and asserts that stdout, stderr and exit status are those of plain Ruby.
  #
  # trees:: further trees of the kind under test, name => files
  # on_disk:: further trees that are real directories on both sides
  # push:: names of the trees that are in $: from the beginning; the last one comes first
  # kinds:: the kinds that take part, if not all can
  # mounts:: true: only with mounts, false: only without them, nil: both (few kinds run without)
  # ruby:, env::: options and environment of the process
  # status:: the exit status that both sides must have
  # stress:: run with GC.stress
  def assert_as_on_disk(files, program, prints: nil, status: 0, **options)
    control, *others = outcomes(files, program, **options)
    assert_equal status, control[1].status, "the control went wrong\n#{control[1]}"
    assert_equal prints, control[1].stdout, "the control printed something else\n#{control[1]}" if prints
    refute_empty control[1].stdout + control[1].stderr, "the program shows nothing, so it cannot fail"
    others.each { |side, outcome| assert control[1] == outcome, -> { difference(side, control[1], outcome) } }
  end

  # For behaviour that only a VFS has: runs `program` in each kind, without a control, and asserts its output.
  def assert_in_each_vfs(files, program, prints, status: 0, **options)
    outcomes(files, program, control: false, **options).each do |side, outcome|
      assert_equal prints, outcome.stdout, "as #{side}\n#{outcome}"
      assert_equal status, outcome.status, "as #{side}\n#{outcome}"
    end
  end

  private

  # Only the lines that differ, with long ones cut to a readable length.
  def difference(side, control, outcome)
    expected, got = [control, outcome].map { |ended| ended.to_s.lines.map { |line| line.chomp[0, 400] } }
    changes = (expected - got).map { |line| "- #{line}\n" } + (got - expected).map { |line| "+ #{line}\n" }
    changes = ["in another order or number; plain Ruby:\n", control.to_s[0, 2000]] if changes.empty?
    "as #{side}: + is too much, - is missing\n#{changes.join}got: #{outcome.to_s[0, 2000]}"
  end

  # Runs the program on each side; returns side => outcome in normal form, the control first.
  def outcomes(files, program, trees: {}, on_disk: {}, push: [:main], kinds: Trees::KINDS, mounts: nil, stress: false,
               ruby: [], env: {}, control: true)
    skip "only what runs under stress is run now" if GCStress::ON && !stress
    Dir.mktmpdir("invfs-case") do |directory|
      directory = File.realpath(directory)
      sides = (control ? [Trees::CONTROL] : []) + Sides.of(kinds, mounts)
      requests = sides.to_h do |side|
        [side, lay_out("#{directory}/#{side}", Sides.kind(side), program, { main: files, **trees }, on_disk, push, stress)]
      end
      CaseProcesses.run(requests, ruby: ruby, env: env).map do |side, outcome|
        [side, NormalForm.of(outcome, places(requests[side]), compiled: !Sides.mounts?(side))]
      end
    end
  end

  def lay_out(base, kind, program, trees, on_disk, push, stress)
    Dir.mkdir(base)
    laid = trees.to_h { |name, files| [name, Trees.lay_out(kind, "#{base}/#{name}.zip", files)] }
    laid.update(on_disk.to_h { |name, files| [name, Trees.lay_out(:disk, "#{base}/#{name}", files)] })
    File.binwrite("#{base}/program.rb", program)
    CaseRunner::Request.new(base: base, program: "#{base}/program.rb", trees: laid, push: push,
                            stdout: "#{base}/stdout", stderr: "#{base}/stderr", stress: stress)
  end

  def places(request)
    request.trees.map { |name, tree| [tree.root, "<#{name}>"] } << [request.base, "<base>"]
  end
end
