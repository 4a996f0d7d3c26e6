-- Shared preamble: reads an entry of a history.

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
