-- Walks a slice of the presence hash: removes the fields of nodes whose lease is gone, and names the fields that point at
-- the calling node, which releases those that it does not hold.
--
-- KEYS  1 presence
-- ARGV  1 prefix of keys  2 cursor of the walk, "0" to begin  3 fields a slice  4 node
-- Returns {next cursor ("0" at the end), number removed, then user, connection, generation of each field of that node}.

local prefix, node = ARGV[1], ARGV[4]
local page = redis.call('HSCAN', KEYS[1], ARGV[2], 'COUNT', ARGV[3])
local fields = page[2]
local answer = {page[1], 0}
local alive = {}
for i = 1, #fields, 2 do
	local owner = owner_parse(fields[i + 1])
	if owner.node == node then
		answer[#answer + 1] = fields[i]
		answer[#answer + 1] = owner.connection
		answer[#answer + 1] = owner.generation
	else
		if alive[owner.node] == nil then
			alive[owner.node] = redis.call('EXISTS', prefix .. 'lease:' .. owner.node) == 1
		end
		if not alive[owner.node] then
			answer[2] = answer[2] + redis.call('HDEL', KEYS[1], fields[i])
		end
	end
end
return answer
