# frozen_string_literal: true

# Libraries that take a path: Ruby's own, and gems that people use with files.
CaseList.subject(:libraries) do
  observe("YAML", needs: "yaml") { |root| [YAML.load_file("#{root}/config.yml"), YAML.safe_load_file("#{root}/aliases.yml", aliases: true), File.open("#{root}/config.yml") { |file| YAML.load(file) }, YAML.parse_file("#{root}/config.yml").class, try { YAML.load_file("#{root}/nothing.yml") }, try { YAML.load_file("#{root}/views/page.erb") }] }
  observe("YAML::Store for reading", needs: "yaml/store") { |root| YAML::Store.new("#{root}/config.yml").transaction(true) { |store| store["name"] } }
  observe("JSON", needs: "json") { |root| [JSON.load_file("#{root}/config.json"), JSON.parse(File.read("#{root}/config.json")), File.open("#{root}/config.json") { |file| JSON.load(file) }, JSON.load_file("#{root}/config.json", symbolize_names: true), try { JSON.load_file("#{root}/VERSION/x") }] }
  observe("CSV", needs: "csv") { |root| [CSV.read("#{root}/data/table.csv"), CSV.foreach("#{root}/data/table.csv", headers: true).map(&:to_h), CSV.table("#{root}/data/table.csv").by_col[:count], CSV.open("#{root}/data/table.csv", &:readlines), try { CSV.read("#{root}/nothing") }] }
  observe("ERB", needs: "erb") { |root| ERB.new(File.read("#{root}/views/page.erb"), trim_mode: "<>").tap { |erb| erb.filename = "#{root}/views/page.erb" }.result_with_hash(title: "T", items: [1, 2]) }
  observe("ERB with the line of an error", needs: "erb") { |root| ERB.new(File.read("#{root}/views/page.erb")).tap { |erb| erb.filename = "#{root}/views/page.erb" }.then { |erb| try { erb.result_with_hash(title: 1) }.then { |error| [error.class, error.backtrace.first[/\A.*?:\d+/]] } } }
  observe("PStore for reading", needs: "pstore") { |root| PStore.new("#{root}/data/store.pstore").transaction(true) { |store| [store.roots, store[:colors], store.fetch(:count)] } }
  observe("PStore writing", needs: "pstore") { |root, scratch| FileUtils.cp("#{root}/data/store.pstore", scratch) || PStore.new("#{scratch}/store.pstore").transaction { |store| store[:count] += 1 } }
  observe("Marshal.load of a file") { |root| File.open("#{root}/data/object.marshal", "rb") { |file| [Marshal.load(file), file.eof?] } }
  observe("Zlib::GzipReader", needs: "zlib") { |root| [Zlib::GzipReader.open("#{root}/data/text.gz", &:read), Zlib::GzipReader.open("#{root}/data/text.gz") { |gz| gz.each_line.to_a }, File.open("#{root}/data/text.gz", "rb") { |file| Zlib::GzipReader.new(file).gets }, Zlib.gunzip(File.binread("#{root}/data/text.gz")), try { Zlib::GzipReader.open("#{root}/nothing") }, try { Zlib::GzipReader.open("#{root}/VERSION") }] }
  observe("Digest", needs: "digest") { |root| [Digest::SHA256.file("#{root}/lines.txt").hexdigest, Digest::MD5.file("#{root}/binary.bin").base64digest, Digest::SHA1.new.file("#{root}/empty").to_s, try { Digest::SHA256.file("#{root}/nothing") }, try { Digest::SHA256.file("#{root}/lib") }] }
  observe("OpenSSL certificates by path", needs: "openssl") do |root|
    certificate = OpenSSL::X509::Certificate.new(File.read("#{root}/certs/ca.pem"))
    store = OpenSSL::X509::Store.new
    [store.add_file("#{root}/certs/ca.pem").class, store.verify(certificate), try { OpenSSL::X509::Store.new.add_file("#{root}/nothing") }.class]
  end
  observe("OpenSSL contexts", needs: "openssl") do |root|
    context = OpenSSL::SSL::SSLContext.new
    context.ca_file = "#{root}/certs/ca.pem"
    [context.setup, context.ca_file, OpenSSL::X509::Store.new.set_default_paths]
  end
  observe("OpenSSL certificates in a directory", needs: "openssl") { |root| store = OpenSSL::X509::Store.new; [store.add_path("#{root}/hashed").class, store.verify(OpenSSL::X509::Certificate.new(File.read("#{root}/certs/ca.pem")))] }
  observe("OpenSSL::Config", needs: "openssl") { |root| try { OpenSSL::Config.load("#{root}/VERSION").sections }.class }
  observe("OpenSSL configuration includes", needs: "openssl") { |_root, scratch| File.write("#{scratch}/x.cnf", "a = 1\n") && OpenSSL::Config.load("#{scratch}/x.cnf").sections }
  observe("Fiddle.dlopen", needs: "fiddle") { |root| next "no compiler" unless File.exist?("#{root}/native/plainlib.so"); Fiddle::Function.new(Fiddle.dlopen("#{root}/native/plainlib.so")["mountplain_answer"], [], Fiddle::TYPE_INT).call }
  observe("Fiddle.dlopen of what is none", needs: "fiddle") { |root| [try { Fiddle.dlopen("#{root}/native/nothing.so") }, try { Fiddle.dlopen("#{root}/VERSION") }].map(&:class) }
  observe("FFI", needs: "ffi", isolated: true) { |root| next "no compiler" unless File.exist?("#{root}/native/plainlib.so"); Module.new { extend FFI::Library; ffi_lib "#{root}/native/plainlib.so"; attach_function :mountplain_answer, [], :int }.mountplain_answer }
  observe("Tempfile next to it", needs: "tempfile") { |root, scratch| Tempfile.create("x", scratch) { |file| file.write(File.read("#{root}/VERSION")); file.flush; [File.read(file.path), FileUtils.compare_file(file.path, "#{root}/VERSION")] } }
  observe("Tempfile and Dir.tmpdir", needs: "tempfile") { |root| Tempfile.open("x") { |file| [file.path.start_with?(Dir.tmpdir), file.write("abc"), file.rewind, file.read, File.exist?("#{root}/VERSION")] } }
  observe("Logger reads nothing and writes outside", needs: "logger") { |root, scratch| Logger.new("#{scratch}/log").info(File.read("#{root}/VERSION")) && File.read("#{scratch}/log")[/1\.2\.3/] }
  observe("Ripper", needs: "ripper") { |root| [Ripper.sexp(File.read("#{root}/lib/frozen.rb"), "#{root}/lib/frozen.rb").first, File.open("#{root}/lib/main.rb") { |file| Ripper.lex(file).size }] }
  observe("Etc and File owners", needs: "etc") { |root| Etc.getpwuid(File.stat("#{root}/VERSION").uid)&.name }
  observe("RDoc's markup of a file", needs: "rdoc") { |root| RDoc::Markup::ToHtml.new(RDoc::Options.new).convert(File.read("#{root}/text.txt")) }
  observe("Gem::Specification.load of nothing", needs: "rubygems") { |root| Gem::Specification.load("#{root}/nothing.gemspec") }
  observe("an SQLite database for reading", needs: "sqlite3") { |root| [SQLite3::Database.new("#{root}/data/words.db", readonly: true).execute("SELECT * FROM words ORDER BY id"), try { SQLite3::Database.new("#{root}/nothing.db", readonly: true) }.class] }

  observe("Tilt", needs: "tilt", isolated: true) { |root| require "tilt/erb"; [Tilt.new("#{root}/views/page.erb").render(nil, title: "T", items: %w[a b]), Tilt::ERBTemplate.new("#{root}/views/layout.erb").render { "inner" }, Tilt.new("#{root}/views/page.erb").file, try { Tilt.new("#{root}/views/nothing.erb") }] }
  observe("Tilt::Cache", needs: "tilt", isolated: true) { |root| require "tilt/erb"; Tilt::Cache.new.then { |cache| Array.new(2) { cache.fetch("p") { Tilt.new("#{root}/views/layout.erb") } }.map { |template| template.render { "x" } } } }
  observe("Rack::Files", needs: "rack", isolated: true) do |root|
    files = Rack::Files.new("#{root}/public")
    get = ->(path, headers = {}) { Rack::MockRequest.new(files).get(path, headers).then { |response| [response.status, response.headers.reject { |name, _| name =~ /\ADate/i }.to_h, response.body] } }
    [get["/index.html"], get["/css/site.css"], get["/nothing"], get["/css"], get["/../VERSION"], get["/range.txt", { "HTTP_RANGE" => "bytes=5-9" }], get["/range.txt", { "HTTP_RANGE" => "bytes=-4" }],
     get["/index.html", { "HTTP_IF_MODIFIED_SINCE" => File.mtime("#{root}/public/index.html").httpdate }].first]
  end
  observe("Rack::Static and Rack::Directory", needs: "rack", isolated: true) { |root| [Rack::MockRequest.new(Rack::Static.new(->(_) { [404, {}, []] }, urls: ["/css"], root: "#{root}/public")).get("/css/site.css").body, Rack::MockRequest.new(Rack::Directory.new("#{root}/public")).get("/").body[/range\.txt/]] }
  observe("Rack::Builder", needs: "rack", isolated: true) { |root, scratch| File.write("#{scratch}/config.ru", "run ->(_) { [200, {}, [File.read('#{root}/VERSION')]] }") && Rack::MockRequest.new([*Rack::Builder.parse_file("#{scratch}/config.ru")].first).get("/").body }
  observe("Nokogiri", needs: "nokogiri", isolated: true) { |root| [File.open("#{root}/page.html") { |file| Nokogiri::HTML(file).css("p").map(&:text) }, File.open("#{root}/page.xml") { |file| Nokogiri::XML(file).at("item").text }, Nokogiri::XML(File.read("#{root}/page.xml")).root.name, File.open("#{root}/page.xml") { |file| Nokogiri::XML::Reader(file).map(&:name) }] }
  observe("Nokogiri's own reading of a file", needs: "nokogiri", isolated: true) { |root| handler = Class.new(Nokogiri::XML::SAX::Document) { attr_reader :seen; define_method(:start_element) { |name, *| (@seen ||= []) << name } }.new; Nokogiri::XML::SAX::Parser.new(handler).parse_file("#{root}/page.xml"); handler.seen }

  observe("Nokogiri and external entities", needs: "nokogiri", isolated: true) { |root| Nokogiri::XML(File.read("#{root}/entity.xml"), "#{root}/entity.xml") { |config| config.noent.dtdload }.root.to_s }
  observe("REXML", needs: "rexml/document") { |root| File.open("#{root}/page.xml") { |file| REXML::Document.new(file).elements["//item"].text } }
  observe("I18n", needs: "i18n", isolated: true) { |root| I18n.load_path = Dir["#{root}/locales/*.{yml,rb}"]; [I18n.available_locales.sort, I18n.t(:hello), I18n.t(:hello, locale: :de), I18n.t(:hello, locale: :fr), I18n.t(:items, count: 2), I18n.backend.reload!.class, I18n.t(:hello)] }
  observe("I18n with a file that is missing", needs: "i18n", isolated: true) { |root| I18n.load_path = ["#{root}/locales/nothing.yml"]; try { I18n.t(:hello) } }
  observe("MessagePack", needs: "msgpack") { |root, scratch| File.binwrite("#{scratch}/x", MessagePack.pack({ "a" => File.read("#{root}/VERSION") })) && File.open("#{scratch}/x", "rb") { |file| MessagePack.load(file) } }
  observe("rubyzip", needs: "zip", isolated: true) { |root| [Zip::File.open("#{root}/data/inner.zip") { |zip| [zip.map(&:name).sort, zip.read("inner.txt")] }, Zip::InputStream.open("#{root}/data/inner.zip") { |zip| [zip.get_next_entry.name, zip.read] }] }
end
