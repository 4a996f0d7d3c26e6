-- Shared preamble: trims histories in bounded steps, so that no call is long, whatever was stored before.

-- How many entries one step removes from a stream at most. Entries of 64 KiB take some 2 us each, smaller ones less.
local TRIM_STEP = 200

-- The entries of one node of a stream, unless `stream-node-max-entries` is raised.
local TRIM_NODE = 100

-- Removes entries older than `oldest` (an id's ms): all of them where they are few, else whole nodes of the stream.
-- Returns how many were removed.
local function trim_age(stream_key, oldest)
	local removed = redis.call('XTRIM', stream_key, 'MINID', '~', oldest, 'LIMIT', TRIM_STEP)
	-- The limit did not end it, so what is left to remove lies within the first node.
	if removed <= TRIM_STEP - TRIM_NODE then
		removed = removed + redis.call('XTRIM', stream_key, 'MINID', '=', oldest)
	end
	return removed
end
