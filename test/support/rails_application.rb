# frozen_string_literal: true

# A small application for Rails: pages, a model, a database.
module RailsApplication
  # name => content
  FILES = {
    "Gemfile" => <<~RUBY,
      source "https://rubygems.org"
      gem "rails"
      gem "sqlite3"
      gem "puma"
    RUBY
    "bin/rails" => <<~RUBY,
      #!/usr/bin/env ruby
      APP_PATH = File.expand_path("../config/application", __dir__)
      require_relative "../config/boot"
      require "rails/commands"
    RUBY
    "Rakefile" => <<~RUBY,
      require_relative "config/application"
      Rails.application.load_tasks
    RUBY
    "config.ru" => <<~RUBY,
      require_relative "config/environment"
      run Rails.application
    RUBY
    "config/boot.rb" => <<~RUBY,
      ENV["BUNDLE_GEMFILE"] ||= File.expand_path("../Gemfile", __dir__)
      require "bundler/setup"
    RUBY
    "config/application.rb" => <<~RUBY,
      require_relative "boot"
      require "rails"
      require "active_record/railtie"
      require "action_controller/railtie"
      require "action_view/railtie"
      Bundler.require(*Rails.groups)

      module Shop
        class Application < Rails::Application
          config.load_defaults Rails::VERSION::STRING.to_f
          config.secret_key_base = "secret" * 10
          config.eager_load = true
          config.hosts.clear
        end
      end
    RUBY
    "config/environment.rb" => <<~RUBY,
      require_relative "application"
      Rails.application.initialize!
    RUBY
    "config/puma.rb" => "threads 1, 2\n",
    "config/routes.rb" => "Rails.application.routes.draw { resources :items, only: %i[index create] }\n",
    "config/database.yml" => "production:\n  adapter: sqlite3\n  database: db/production.sqlite3\n",
    "db/migrate/20260101000000_create_items.rb" => <<~RUBY,
      class CreateItems < ActiveRecord::Migration[6.1]
        def change = create_table(:items) { |table| table.string :name }
      end
    RUBY
    "app/models/application_record.rb" => "class ApplicationRecord < ActiveRecord::Base\n  self.abstract_class = true\nend\n",
    "app/models/item.rb" => "class Item < ApplicationRecord\nend\n",
    "app/controllers/items_controller.rb" => <<~RUBY,
      class ItemsController < ActionController::Base
        skip_forgery_protection
        def index = @items = Item.order(:id)

        def create
          Item.create!(name: params[:name])
          head :created
        end
      end
    RUBY
    "app/views/items/index.html.erb" => "<ul><% @items.each do |item| %><li><%= item.name %></li><% end %></ul>\n",
    "public/robots.txt" => "nobody\n"
  }.freeze
end
