-- Walks a slice of `last` and trims the histories of its channels, also of those to which nothing is published any more: a
-- Redis that is full takes no message that would trim them. What is left for later is trimmed by another call for the slice.
--
-- KEYS  1 last
-- ARGV  1 prefix of keys  2 cursor of the walk, "0" to begin  3 fields a slice  4 history age in ms
-- Returns {next cursor ("0" at the end), number of entries removed}.

-- How many entries a call removes; the step that reaches it is the last.
local TRIM_CALL = 600

local call = redis.call
local oldest = string.format('%.0f', time_ms() - tonumber(ARGV[4]))
local page = call('HSCAN', KEYS[1], ARGV[2], 'COUNT', ARGV[3])
local fields, removed = page[2], 0

-- What is too old; then a stream that holds nothing. The length is left to those that publish: they know it.
local function trim(stream_key)
	local aged = trim_age(stream_key, oldest)
	removed = removed + aged
	if call('XLEN', stream_key) == 0 then
		call('DEL', stream_key)
	elseif call('PTTL', stream_key) == -1 then
		call('PEXPIRE', stream_key, ARGV[4])
	end
	return aged > TRIM_STEP - TRIM_NODE
end

local again = false
for i = 1, #fields, 2 do
	local stream_key = ARGV[1] .. 'ch:' .. fields[i]
	local entries = fields[i] ~= '' and redis.pcall('XLEN', stream_key)
	-- An error: the key is no stream, so it is not ours.
	if type(entries) == 'number' and entries > 0 then
		again = trim(stream_key) or again
		if removed >= TRIM_CALL then
			again = true
			break
		end
	end
end
return {again and removed > 0 and ARGV[2] or page[1], removed}
