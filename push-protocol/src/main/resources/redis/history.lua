-- Shared preamble, behind that of an entry: walks a history entry by entry, so that no more are loaded than are taken, and one.
--
-- Redis hands entries out whole, and nothing says how large the next one is: a step of several may load as many large ones.

-- The highest id that a message can have (2^43 - 1, 2^20 - 1). Entries above it were not written by publish-messages.
local HIGHEST = '8796093022207-1048575'

-- Where a range begins that has all messages above `id`: none has a higher number in its millisecond than 2^20 - 1.
local function above(id)
	local ms, seq = id_parts(id)
	return seq >= SEQ_LIMIT - 1 and string.format('%.0f-0', ms + 1) or '(' .. id
end

-- Walks entries by `command`, XRANGE or XREVRANGE: `count` at most, and `bytes`, but the first one where it has no more than
-- `first` bytes. Calls take(id, predecessor, envelope) for each.
-- Returns why it ended, number taken, bytes taken: "end" (nothing is left), "count", or "bytes" and then the size of the entry
-- that did not fit.
local function walk(command, stream_key, from, to, count, bytes, first, take)
	local call, taken, size = redis.call, 0, 0
	while taken < count do
		local entry = call(command, stream_key, from, to, 'COUNT', 1)[1]
		if not entry then
			return 'end', taken, size
		end
		local predecessor, envelope, more = entry_read(entry)
		if size + more > bytes and (taken > 0 or more > first) then
			return 'bytes', taken, size, more
		end
		taken, size, from = taken + 1, size + more, '(' .. entry[1]
		take(entry[1], predecessor, envelope)
	end
	return 'count', taken, size
end
