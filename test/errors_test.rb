# frozen_string_literal: true

# The error classes: their hierarchy and their attributes.
require_relative "test_helper"

class ErrorsTest < Minitest::Test
  ARCHIVE_ERRORS = %i[NotAnArchiveError MalformedArchiveError CorruptEntryError UnsupportedArchiveError EncryptedEntryError
                      UnsafeNameError DuplicateEntryError EntryTooLargeError ArchiveChangedError ClosedError].freeze

  def test_all_errors_are_errors_of_invfs
    assert_equal StandardError, InVFS::Error.superclass
    assert_equal InVFS::Error, InVFS::ArchiveError.superclass
    ARCHIVE_ERRORS.each { |name| assert_equal InVFS::ArchiveError, InVFS.const_get(name).superclass, name }
  end

  def test_every_error_class_is_an_error_of_invfs_and_those_of_archives_are_all_here
    errors = InVFS.constants.map { |name| InVFS.const_get(name) }.select { |value| value.is_a?(Class) && value < Exception }
    errors.each { |error| assert_operator error, :<=, InVFS::Error }
    assert_equal ARCHIVE_ERRORS.sort, errors.select { |error| error < InVFS::ArchiveError }.map { |error| error.name[/\w+\z/].to_sym }.sort
  end

  def test_they_can_be_made_and_raised_by_anybody
    ARCHIVE_ERRORS.each do |name|
      error = assert_raises(InVFS::ArchiveError) { raise InVFS.const_get(name), "said" }
      assert_equal ["said", nil, nil], [error.message, error.archive, error.entry]
    end
    error = InVFS::CorruptEntryError.new("said", archive: "a.zip", entry: "b.rb")
    assert_equal ["said", "a.zip", "b.rb"], [error.message, error.archive, error.entry]
    assert_equal "InVFS::ClosedError", InVFS::ClosedError.new.message
  end

  def test_an_error_names_archive_and_entry_in_readers_and_message
    bytes = ZipBuilder.build { |zip| zip.add("lib/größe.rb", "x", lie: { crc: 1 }) }
    error = assert_raises(InVFS::CorruptEntryError) { InVFS::ZipFS.from_bytes(bytes, to_path: "/in/z.zip").read("lib/größe.rb") }
    assert_equal ["/in/z.zip", "lib/größe.rb"], [error.archive, error.entry]
    assert_equal [Encoding::UTF_8, Encoding::UTF_8], [error.archive, error.entry].map(&:encoding)
    ["/in/z.zip", "lib/größe.rb"].each { |part| assert_includes error.message, part }
    assert_includes error.backtrace[0], File.basename(__FILE__)
  end

  def test_an_error_about_the_whole_archive_has_no_entry
    error = assert_raises(InVFS::NotAnArchiveError) { InVFS::ZipFS.from_bytes("text", to_path: "/in/z.zip") }
    assert_equal ["/in/z.zip", nil], [error.archive, error.entry]
    assert_includes error.message, "/in/z.zip"
  end

  def test_an_error_in_an_archive_that_is_required_from_is_a_load_error_or_passes_through
    Dir.mktmpdir do |directory|
      ZipBuilder.write("#{directory}/z.zip", {})
      bytes = ZipBuilder.build { |zip| zip.add("a.rb", "p 1", lie: { crc: 1 }) }
      File.binwrite("#{directory}/z.zip", bytes)
      outcome = RubyProcess.run(*RubyProcess::INVFS, "-e", <<~RUBY)
        $: << InVFS.zip("#{directory}/z.zip")
        begin
          require "a"
        rescue LoadError, InVFS::CorruptEntryError => e
          p [e, e.cause].any?(InVFS::CorruptEntryError), e.message.include?("a.rb"), e.message.include?("z.zip")
        end
        p $".grep(/z\\.zip/)
      RUBY
      assert_equal "true\ntrue\ntrue\n[]\n", outcome.stdout, outcome
    end
  end
end
