-- Shared preamble: walks a history in steps, so that no more entries are loaded than are taken, and one.
--
-- Redis hands entries out whole, and nothing tells how large the next one is. So a step asks for as many as fit what is left
-- of the bytes at the size of the largest, and for one at least.

-- The longest data unless publishers are set up for more, and the rest of an envelope. Where a longer one is met it is that.
local LARGEST = 65536 + 640

-- The highest id that a message can have (2^43 - 1, 2^20 - 1). Entries above it were not written by publish-messages.
local HIGHEST = '8796093022207-1048575'

-- Where a range begins that has all messages above `id`: none has a higher number in its millisecond than 2^20 - 1.
local function above(id)
	local ms, seq = id_parts(id)
	return seq >= SEQ_LIMIT - 1 and string.format('%.0f-0', ms + 1) or '(' .. id
end

-- What an entry holds: what `last` said before it, the envelope, and how many bytes were looked at. "" stands for what
-- publish-messages did not write.
local function entry_read(entry)
	local fields = entry[2]
	if fields[1] == 'p' and fields[3] == 'm' and not fields[5] then
		return fields[2], fields[4], #fields[4]
	end
	local size = 0
	for i = 1, #fields do
		size = size + #fields[i]
	end
	return '', '', size
end

-- Walks entries by `command`, XRANGE or XREVRANGE: `count` at most, and `bytes`, but the first one where it has no more than
-- `first` bytes. Calls take(id, predecessor, envelope) for each.
-- Returns why it ended, number taken, bytes taken: "end" (nothing is left), "count", or "bytes" and then the size of the entry
-- that did not fit.
local function walk(command, stream_key, from, to, count, bytes, first, take)
	local call, floor, max, min = redis.call, math.floor, math.max, math.min
	local taken, size, largest, step = 0, 0, LARGEST, 1
	while taken < count do
		local entries = call(command, stream_key, from, to, 'COUNT', step)
		local found = #entries
		for i = 1, found do
			local predecessor, envelope, more = entry_read(entries[i])
			if size + more > bytes and (taken > 0 or more > first) then
				return 'bytes', taken, size, more
			end
			taken, size, largest = taken + 1, size + more, max(largest, more)
			take(entries[i][1], predecessor, envelope)
		end
		if found < step then
			return 'end', taken, size
		end
		from = '(' .. entries[found][1]
		step = max(1, min(count - taken, floor((bytes - size) / largest)))
	end
	return 'count', taken, size
end
