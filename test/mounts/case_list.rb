# frozen_string_literal: true

# Uses of files, as data: to run them on a new kind of mount, take the list from here.
#
# A case is a block that gets the root of the tree (fixture.rb has its contents) and an empty scratch directory outside
# it, and returns what it observed. The result must be the same wherever the tree lies.
module CaseList
  # kind: :same, or :change, which a read-only mount refuses and which otherwise works as on disk;
  # refused: the exception of the refusal; fails: whether it also fails on a writable mount, in another way.
  # isolated: runs in its own process, because it changes the process (working directory, loaded code).
  # needs: libraries, loaded in this order; without them the case is skipped.
  Case = Struct.new(:subject, :name, :kind, :isolated, :needs, :refused, :fails, :block, keyword_init: true) do
    # A name for a test and for messages.
    def key = "#{subject}: #{name}"
  end

  @cases = {}

  class << self
    # Starts the cases of one subject; the block declares them with `observe` and `change`.
    def subject(name, **defaults, &block)
      Subject.new(name, defaults, @cases[name] ||= []).instance_eval(&block)
    end

    # The cases of a subject, in order.
    def of(subject)
      require_relative "cases/#{subject}" unless @cases.key?(subject)
      @cases.fetch(subject)
    end

    # The names of all subjects.
    def subjects = Dir["#{__dir__}/cases/*.rb"].map { |file| File.basename(file, ".rb").to_sym }.sort
  end

  # The methods for the files under cases/.
  class Subject
    def initialize(name, defaults, cases)
      @name = name
      @defaults = defaults
      @cases = cases
    end

    # A case that is the same everywhere.
    def observe(name, **options, &block) = add(name, :same, options, block)

    # A case that changes the tree.
    def change(name, **options, &block) = add(name, :change, options, block)

    private

    def add(name, kind, options, block)
      raise ArgumentError, "twice: #{@name}: #{name}" if @cases.any? { |other| other.name == name }

      @cases << Case.new(subject: @name, name: name, kind: kind, isolated: false, refused: Errno::EROFS, fails: false, block: block, **@defaults, **options,
                         needs: [*options.fetch(:needs, @defaults[:needs])])
    end
  end
end
