# frozen_string_literal: true

# Asks InVFS.explain about a name, requires it, and reports where the two disagree.
module ExplainAgreement
  LOADS = %i[vfs disk gem].freeze

  # @return [String, nil] the disagreement
  def self.check(name)
    said = InVFS.explain(name)
    before = $".map(&:b)
    problem = compare(said, outcome(name), $".map(&:b) - before) || steps(said)
    problem && "#{name.inspect}: #{problem}\n#{said}"
  end

  # Checks each name, and prints how many there were and all disagreements.
  def self.report(names)
    problems = names.filter_map { |name| check(name) }
    puts problems, "#{names.size} names, #{problems.size} problems"
  end

  class << self
    private

    def outcome(name)
      require(name)
    rescue Exception => e # rubocop:disable Lint/RescueException -- a search may raise anything
      e
    end

    def compare(said, did, new)
      right =
        case said.verdict
        when :loaded then did == false && (said.path.nil? || $".any? { |path| path.b == said.path.b })
        when :missing then did.is_a?(LoadError) && did.message.start_with?("cannot load such file -- #{said.feature}")
        when :error then did.instance_of?(said.error.class) && did.message == said.error.message
        else (did == true && new.include?(said.path.b)) || native_rubbish?(said, did)
        end
      "it said #{said.verdict} #{said.path}, and require: #{did.inspect}, #{new.inspect}" unless right
    end

    # The files called .so are not shared objects: opening them must fail.
    def native_rubbish?(said, did)
      said.path.end_with?(".so") && did.is_a?(LoadError) && did.message.include?(said.path)
    end

    # The steps lead to the verdict.
    def steps(said)
      ends = { vfs: :found, disk: :found, loaded: :loaded, gem: :gem }.fetch(said.verdict, nil)
      outcomes = said.steps.map(&:outcome)
      return "no step #{ends}" if ends && !outcomes.include?(ends)

      "a step that found it" if !ends && outcomes.intersect?(%i[found loaded gem])
    end
  end
end
