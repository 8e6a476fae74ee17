# frozen_string_literal: true

# A bucket of an object store with the interface of S3 as a directory: objects of any size, read in parts.
#
# Requests go out unsigned, as to a public bucket or a store in the same house. To sign them, override `prepare`; with
# the gem aws-sdk-s3 at hand, the methods below become calls of its client.
require "invfs"
require "net/http"
require "time"
require "uri"

class ObjectStore < InVFS::Base
  # @param endpoint [String] such as "http://localhost:9000"
  # @param bucket [String]
  def initialize(endpoint, bucket)
    super()
    @endpoint = URI(endpoint)
    @bucket = bucket
  end

  # invfs asks for parts of objects of more than 1 MiB, as far as programs read them.
  def read(path, offset = 0, length = nil)
    range = { "range" => "bytes=#{offset}-#{offset + length - 1}" } if length
    answer = request(Net::HTTP::Get, path, range)
    case answer.code
    when "404" then nil
    # Beyond the end.
    when "416" then ""
    # Not every server knows ranges.
    when "200" then length ? answer.body.byteslice(offset, length) : answer.body
    else ok(answer).body
    end
  end

  def stat(path)
    answer = request(Net::HTTP::Head, path)
    if answer.code == "404"
      return each_name("prefix" => prefix(path), "max-keys" => 1).first || path == "/" ? :directory : nil
    end

    { type: :file, size: ok(answer)["content-length"].to_i, mtime: Time.httpdate(answer["last-modified"]) }
  end

  # Object stores have no directories, only names with slashes: with its last object, a directory is gone.
  def list(path)
    prefix = prefix(path)
    names = each_name("prefix" => prefix, "delimiter" => "/").map { |name| name.delete_prefix(prefix) }
    names.reject(&:empty?) if names.any? || path == "/"
  end

  # The contents never are in memory as a whole.
  def write_from(path, io)
    ok(put(path, "content-length" => io.size.to_s) { |request| request.body_stream = io })
  end

  # An empty object whose name ends in a slash stands for an empty directory.
  def mkdir(path)
    ok(put("#{path}/"))
  end

  def remove(path)
    [path, "#{path}/"].each { |name| ok(request(Net::HTTP::Delete, name)) }
  end

  # Each object is copied inside of the store, and then removed.
  def rename(from, to)
    names = each_name("prefix" => from.delete_prefix("/")).map { |name| "/#{name}" }
    names.select { |name| name == from || name.start_with?("#{from}/") }.each do |name|
      ok(put(to + name.delete_prefix(from), "x-amz-copy-source" => location(name)))
      ok(request(Net::HTTP::Delete, name))
    end
  end

  private

  # For whoever has to sign requests.
  def prepare(request) = request

  # What the names below a directory begin with.
  def prefix(directory) = directory == "/" ? "" : "#{directory.delete_prefix("/")}/"

  def put(path, headers = {}, &block)
    headers = { "content-type" => "application/octet-stream", "content-length" => "0" }.merge(headers)
    request(Net::HTTP::Put, path, headers, &block)
  end

  def request(method, path, headers = nil)
    request = method.new(path.start_with?("?") ? "/#{@bucket}#{path}" : location(path), headers)
    yield request if block_given?
    Net::HTTP.start(@endpoint.host, @endpoint.port, use_ssl: @endpoint.scheme == "https") do |http|
      http.request(prepare(request))
    end
  rescue Net::OpenTimeout, Net::ReadTimeout
    raise Errno::ETIMEDOUT
  end

  def location(path)
    "/#{@bucket}#{path.b.gsub(%r{[^\w./~-]}n) { |byte| format("%%%02X", byte.ord) }}"
  end

  # What else a server answers, programs get as an errno.
  def ok(answer)
    return answer if answer.is_a?(Net::HTTPSuccess)

    raise({ "403" => Errno::EACCES, "404" => Errno::ENOENT, "507" => Errno::ENOSPC }.fetch(answer.code, Errno::EIO))
  end

  # The names of objects and, with a delimiter, of what is like a directory. The store answers 1,000 at a time.
  def each_name(query)
    return enum_for(:each_name, query) unless block_given?

    more = {}
    loop do
      list = { "list-type" => 2, "encoding-type" => "url" }.merge(query, more)
      body = ok(request(Net::HTTP::Get, "?#{URI.encode_www_form(list)}")).body
      body.scan(%r{<(?:Key|CommonPrefixes><Prefix)>(.*?)</}m) do |(name)|
        yield URI.decode_www_form_component(name)
      end
      token = body[%r{<NextContinuationToken>(.*?)</}m, 1] or break
      more = { "continuation-token" => token }
    end
  end
end
