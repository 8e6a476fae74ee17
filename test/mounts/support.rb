# frozen_string_literal: true

# Compares uses of files on disk with the same uses on a mount: `observes :reading` in a test class makes a test from
# each case in cases/reading.rb.
require_relative "../test_helper"
require_relative "case_list"
require_relative "differences"
require_relative "targets"

module MountSupport
  CHILD = File.expand_path("case_child.rb", __dir__)

  # No case shall end like this, wherever the tree lies.
  MISTAKE = /\A(?:raised (?:NoMethodError|NameError|LocalJumpError|ArgumentError|TypeError|SyntaxError|LoadError)|the process ended|hung|killed)/

  # What the cases of one subject observed on one target, by name: lines, or [:skip, reason]. Computed once.
  def self.observations(subject, kind)
    (@observations ||= {})[[subject, kind]] ||= Runner.new(subject, MountTargets.get(kind)).observations
  end

  # Runs the cases of a subject in as few processes as their endings allow.
  class Runner
    def initialize(subject, target)
      @subject = subject
      @target = target
      @out = "#{MountTargets.directory}/#{subject}-#{target.kind}.out"
    end

    # name => lines or [:skip, reason]. A case at which the process died has how it died.
    def observations
      # Whether a change leads to the same twice is not worth another tree for each.
      cases = CaseList.of(@subject).reject { |kase| kase.kind == :change && @target.kind == :copy }
      rest = cases.to_h { |kase| [kase.name, target_for(kase)] }
      results = {}
      until rest.empty?
        outcome, done = run(rest)
        results.update(done)
        done.each_key { |name| rest.delete(name) }
        results[rest.shift.first] = ["the process ended: #{outcome}"] unless rest.empty?
      end
      results
    end

    private

    def target_for(kase)
      kase.kind == :change && MountTargets::CHANGEABLE.include?(@target.kind) ? MountTargets.fresh(@target.kind) : @target
    end

    def run(cases)
      File.write(@out, "")
      options = @target.disk? ? [] : RubyProcess::INVFS
      request = { subject: @subject, cases: cases, out: @out, scratch: "#{@target.parent}.scratch" }
      outcome = RubyProcess.run(*RubyProcess.without_decorators, *options, CHILD, input: Marshal.dump(request))
      done = File.readlines(@out, chomp: true).to_h do |line|
        Marshal.load([line].pack("H*")) # rubocop:disable Security/MarshalLoad -- written by the child
      end
      [outcome, done]
    end
  end

  # What a test class that extends this gets.
  module Observes
    # Makes the tests of one subject, on mounts of this kind (targets.rb has them).
    def observes(subject, on: :zip)
      include Assertions
      define_method(:target_kind) { on }
      CaseList.of(subject).each do |kase|
        define_method("test_#{kase.key}") { may_be?(kase) ? assert_same_on_mount(kase) : assert_refused(kase) }
      end
      return unless on == :zip

      define_method(:test_all_cases_are_the_same_in_another_directory) { assert_independent_of_place(subject) }
    end
  end

  # The comparisons.
  module Assertions
    # Else a difference between disk and mount would say nothing.
    def assert_independent_of_place(subject)
      control = MountSupport.observations(subject, :control)
      mistakes = control.select { |_, lines| lines.first.to_s.match?(MISTAKE) }
      changes = CaseList.of(subject).select { |kase| kase.kind == :change && !kase.fails }.map(&:name)
      assert_empty mistakes
      assert_empty(control.slice(*changes).select { |_, lines| lines.first.to_s.start_with?("raised") })
      MountSupport.observations(subject, :copy).each { |name, lines| assert_lines control[name], lines, name }
      assert_equal MountFixture.entries.map(&:name).sort, MountFixture.names(MountTargets.get(:control).root)
    end

    def assert_same_on_mount(kase)
      expected = MountSupport.observations(kase.subject, :control).fetch(kase.name)
      skip expected.last if expected.first == :skip
      got = on_mount(kase)
      reason = Differences.reason(kase, target_kind)
      return assert_lines expected, got, kase.key unless reason

      refute_equal expected, got, equal_now(kase, reason)
    end

    # A change is refused, and else everything would be as on disk.
    def assert_refused(kase)
      got = on_mount(kase).join("\n")
      reason = Differences.reason(kase, target_kind)
      refusal = /\A(?:raised |: )#{Regexp.escape("#{kase.refused}: #{kase.refused.new.message}")}/
      return assert_match refusal, got, kase.key unless reason

      refute_match refusal, got, equal_now(kase, reason)
    end

    private

    def may_be?(kase) = kase.kind == :same || MountTargets::CHANGEABLE.include?(target_kind)

    # Shows only what differs.
    def assert_lines(expected, got, name)
      assert_equal (expected - got).join("\n"), (got - expected).join("\n"), name
      assert_equal expected, got, name
    end

    def equal_now(kase, reason)
      "#{kase.key} is listed in differences.rb (#{reason}), but there is no difference: take it off the list"
    end

    def on_mount(kase)
      skip "this invfs has no InVFS.mount" unless defined?(InVFS) && InVFS.respond_to?(:mount)
      skip "mounts are for Linux" unless RUBY_PLATFORM.include?("linux")
      got = MountSupport.observations(kase.subject, target_kind).fetch(kase.name)
      got.first == :skip ? skip(got.last) : got
    end
  end
end
