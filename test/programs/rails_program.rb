# frozen_string_literal: true

# An application for Rails that is packed: its commands, pages over HTTP, what it writes to a database.
require_relative "packed_program"
require_relative "../support/rails_application"

module RailsProgram
  include PackedProgram

  FILES = RailsApplication::FILES.merge(
    "Gemfile" => "#{RailsApplication::FILES["Gemfile"]}gem 'missing_while_packing', group: %i[development test]\n"
  ).freeze

  def setup
    need_gem("rails", "ruby-rails")
    need_gem("sqlite3", "ruby-sqlite3")
    need_gem("puma", "puma")
    super
  end

  # Packs it with these options into this file.
  def assert_everything_that_rails_does(file, *options)
    said = pack(FILES, *options)
    assert_match(/\Ashop is a project with a bundle \(Gemfile\)\n\d+ gems \(Bundler finds them at start\): .*\brails-/, said)
    archive = File.binread("#{@dir}/#{file}")
    assert_prints(%r{GET +/items\(\.:format\) +items#index}, "routes")
    assert_prints(/create_table\(:items\)/, "db:migrate")
    assert_prints(/\Aproduction 1\n\z/, "runner", "Item.create!(name: 'tea'); puts \"\#{Rails.env} \#{Item.count}\"")
    assert_prints(/\b42\b/, "console", input: "Item.count + 41\n")
    pages
    # The next process finds what was written.
    assert_prints(/\Atea, cake\n\z/, "runner", "puts Item.order(:id).pluck(:name).join(', ')")
    assert_equal archive, File.binread("#{@dir}/#{file}")
    assert_path_exists "#{@dir}/state/invfs/shop/db/production.sqlite3"
  end

  private

  def pages
    serve("server", "-p", "0", "-b", "127.0.0.1") do |address|
      items = URI("#{address}/items")
      assert_equal "<ul><li>tea</li></ul>\n", Net::HTTP.get(items)
      assert_equal "201", Net::HTTP.post_form(items, "name" => "cake").code
      assert_equal "<ul><li>tea</li><li>cake</li></ul>\n", Net::HTTP.get(items)
      assert_equal "404", Net::HTTP.get_response(URI("#{address}/nothing")).code
    end
  end
end
