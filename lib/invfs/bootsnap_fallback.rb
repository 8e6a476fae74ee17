# frozen_string_literal: true

module InVFS
  # bootsnap's `require` refuses a name that its own scan of `$:` does not know, and that scan sees directories only.
  # With this in front of its cache it falls back to the `require` that was there before (ours), as it does
  # for other names that it cannot answer. Put in place when bootsnap is loaded after invfs.
  #
  # @api private
  module BootsnapFallback
    # @return [String, false, Object] what bootsnap found; `FALLBACK_SCAN` for nothing
    def find(...)
      found = super
      # What bootsnap answers may be a BasicObject.
      nil.equal?(found) ? Bootsnap::LoadPathCache::FALLBACK_SCAN : found
    end

    # Wraps bootsnap's cache, if this bootsnap has the parts that it takes.
    # @return [void]
    def self.install
      cache = defined?(Bootsnap::LoadPathCache::Cache) && Bootsnap::LoadPathCache::Cache
      return unless cache && defined?(Bootsnap::LoadPathCache::FALLBACK_SCAN)

      cache.prepend(self)
    end
  end
end
