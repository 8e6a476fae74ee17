# frozen_string_literal: true

# Local changes laid over what was shipped: the first layer of a union that has a file wins.
#   ruby -Ilib examples/overrides.rb
# What it prints stands at the end.
require "invfs"
require "tmpdir"

files = {
  "shop/price.rb" => "def price(item) = item.length",
  "shop/greeting.rb" => "def greeting = 'Welcome'",
  "shop.rb" => "require 'shop/price'; require 'shop/greeting'"
}

Dir.mktmpdir do |directory|
  Dir.mkdir("#{directory}/shop")
  File.write("#{directory}/shop/greeting.rb", "def greeting = 'Hi there'")

  # A directory on top of what was shipped; that would usually be InVFS.zip("shop.zip").
  shop = InVFS.union(directory, InVFS.stringmap(files), to_path: "/shop")
  $LOAD_PATH << shop
  require "shop"
  puts "#{greeting}, tea is #{price("tea")}"
  puts shop.entries.sort
  puts method(:greeting).source_location.first, method(:price).source_location.first
end
__END__
Hi there, tea is 3
shop.rb
shop/greeting.rb
shop/price.rb
/shop/shop/greeting.rb
/shop/shop/price.rb
