-- Shared preamble: ids.
--
-- An id is "ms-seq". `seq` stays below 2^20, so that an id fits a signed 64-bit number as ms * 2^20 + seq.
-- Lua numbers are doubles: ms and seq are each exact, a packed id would not be.
--
-- Redis runs the whole text of a script for each call, and makes each function anew. So a preamble holds only what the scripts
-- that name it need.

-- A local name is found in less time than a global one.
local redis = redis

local SEQ_LIMIT = 1048576
local MS_LIMIT = 8796093022208

-- Returns nothing for a text that is no id.
local function id_parts(id)
	local ms, seq = string.match(id, '^(%d+)%-(%d+)$')
	if ms and #ms <= 13 and #seq <= 7 then
		-- An addition converts in half the time of tonumber().
		ms, seq = ms + 0, seq + 0
		if ms < MS_LIMIT and seq < SEQ_LIMIT then
			return ms, seq
		end
	end
end

-- Whether id `a` is above id `b`. A text that is no id lies below all ids.
local function id_above(a, b)
	if a == b then
		return false
	end
	local ams, aseq = id_parts(a)
	local bms, bseq = id_parts(b)
	return ams ~= nil and (bms == nil or ams > bms or (ams == bms and aseq > bseq))
end
