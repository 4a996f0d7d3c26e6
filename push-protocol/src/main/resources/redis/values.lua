-- Shared preamble: reads keys that may hold anything, and counts.

-- The text under a key, or nil; "" where the key holds something else.
local function text_read(key)
	local text = redis.pcall('GET', key)
	return type(text) == 'table' and '' or text or nil
end

-- The count under a key; 0 where there is none, or the key holds something else.
local function count_read(key)
	return tonumber(string.match(text_read(key) or '', '^%d+$')) or 0
end

-- Raises a count that ends `ms` after its first. What is no count is replaced. Returns the count.
local function count_up(key, ms)
	local count = redis.pcall('INCR', key)
	if type(count) == 'table' then
		redis.call('DEL', key)
		count = redis.call('INCR', key)
	end
	if count == 1 then
		redis.call('PEXPIRE', key, ms)
	end
	return count
end
