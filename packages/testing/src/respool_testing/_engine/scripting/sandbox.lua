-- What a script may touch, and nothing else: a guarded world for each kind of script, and the ways to run one.
--
-- Nothing here knows a command; `host` is the server, a table of functions that never raise. Real servers have
-- tables that cannot be written; here a guard stands for each, and the few functions that would look past it
-- are replaced.

local host, sandbox_line, line_limit, version = ...

local native = {}
for name, value in pairs(_G) do native[name] = value end
local debug, error, pairs, pcall, select, setfenv, setmetatable, tostring, type, xpcall =
  debug, error, pairs, pcall, select, setfenv, setmetatable, tostring, type, xpcall

-- Where the script is. A tail call leaves no trace of the line it came from, so lines are noted as they come.

local current = {line = 1, left = 0, source = "@user_script"}

local function step(_, line)
  if line > sandbox_line then return end -- it is ours
  current.line = line
  current.left = current.left - 1
  if current.left < 0 then error({err = host.endless}, 0) end
end

local function fail(text) -- with the script's place in front, as a function written in C does
  error(current.source:sub(2) .. ":" .. current.line .. ": " .. text, 0)
end

local function place_of_error()
  for level = 3, 250 do
    local frame = debug.getinfo(level, "Sl")
    if not frame or frame.what == "tail" then break end
    if frame.what ~= "C" and frame.currentline < sandbox_line then return frame.source, frame.currentline end
  end
  return current.source, current.line
end

local function explain(problem)
  local source, line = place_of_error()
  if type(problem) ~= "table" then problem = {err = "ERR " .. tostring(problem)} end
  local text = native.rawget(problem, "err")
  if type(text) ~= "string" then text = "ERR unknown error" end
  return {err = text, source = source, line = line}
end

-- Tables that cannot be written.

local behind = setmetatable({}, {__mode = "k"})

local function refuse()
  error("Attempt to modify a readonly table", 2)
end

local function guarded(contents, index)
  local guard = setmetatable({}, {__index = index or contents, __newindex = refuse, __metatable = false})
  behind[guard] = contents
  return guard
end

local function strict(choose) -- a guarded world in which what is not there is an error
  return function(_, name)
    local value = choose()[name]
    if value == nil then
      error("Script attempted to access nonexistent global variable '" .. tostring(name) .. "'", 2)
    end
    return value
  end
end

-- The functions of the language that need a second look.

local safe = {}

local function without_table(fine, problem, ...)
  if not fine and type(problem) == "table" and type(problem.err) == "string" then return false, problem.err end
  return fine, problem, ...
end

function safe.pcall(...) return without_table(pcall(...)) end
function safe.next(holder, key) return native.next(behind[holder] or holder, key) end
function safe.pairs(holder)
  if behind[holder] then return safe.next, holder, nil end
  return pairs(holder)
end
function safe.rawget(holder, key) return native.rawget(behind[holder] or holder, key) end
function safe.rawset(holder, key, value)
  if behind[holder] then error("Attempt to modify a readonly table", 0) end
  return native.rawset(holder, key, value)
end
function safe.setmetatable(holder, meta)
  if behind[holder] then error("Attempt to modify a readonly table", 0) end
  if type(holder) ~= "table" then
    fail("bad argument #1 to 'setmetatable' (table expected, got " .. type(holder) .. ")")
  end
  return setmetatable(holder, meta)
end

local function at_home(chunk, ...)
  if chunk then setfenv(chunk, current.world) end
  return chunk, ...
end

function safe.loadstring(text, name)
  if type(text) == "string" and text:byte(1) == 27 then return nil, "bytecode is not loaded here" end
  return at_home(native.loadstring(text, name))
end
function safe.load(reader, name) return at_home(native.load(reader, name)) end

local function watched(body)
  local thread = native.coroutine.create(body)
  debug.sethook(thread, step, "l")
  return thread
end

local function unwrapped(fine, problem, ...)
  if not fine then error(problem, 0) end
  return problem, ...
end

local coroutines = {create = watched}
for name, value in pairs(native.coroutine) do coroutines[name] = coroutines[name] or value end
function coroutines.wrap(body)
  local thread = watched(body)
  return function(...) return unwrapped(native.coroutine.resume(thread, ...)) end
end

-- Functions of the server that may refuse.

local function checked(name)
  local ask = host[name]
  return function(...)
    local fine, value = ask(...)
    if fine then return value end
    fail(value)
  end
end

local maths = {}
for name, value in pairs(native.math) do maths[name] = value end
maths.random, maths.randomseed = checked("random"), checked("randomseed")

local null = native.newproxy(true)
native.getmetatable(null).__tostring = function() return "userdata: (nil)" end
native.getmetatable(null).__metatable = false

local json = {_NAME = "cjson", _VERSION = "2.1.0", null = null}
json.encode, json.decode = checked("json_encode"), checked("json_decode")

local bits = {}
for _, name in native.ipairs(host.bit_operations) do bits[name] = checked(name) end

-- What a script says to the server.

local function call(...)
  local fine, reply = host.call(...)
  if fine then return reply end
  error(reply, 0)
end

local function asked(name) -- refuses with an error of the server, not of the language
  local ask = host[name]
  return function(...)
    local fine, value = ask(...)
    if fine then return value end
    error({err = value}, 0)
  end
end

local shared = { -- while libraries are loaded, too
  LOG_DEBUG = 0, LOG_VERBOSE = 1, LOG_NOTICE = 2, LOG_WARNING = 3,
  REDIS_VERSION = version.text, REDIS_VERSION_NUM = version.number,
  REPL_NONE = 0, REPL_AOF = 1, REPL_SLAVE = 2, REPL_REPLICA = 2, REPL_ALL = 3,
  log = asked("log"),
}

local function joined(...)
  local all = {}
  for number = 1, select("#", ...) do
    for name, value in pairs((select(number, ...))) do all[name] = value end
  end
  return all
end

local for_functions = joined(shared, {
  acl_check_cmd = asked("acl_check_cmd"),
  call = call,
  pcall = function(...) return (select(2, host.call(...))) end,
  error_reply = function(...) return host.error_reply(...) end,
  status_reply = function(...) return host.status_reply(...) end,
  set_repl = asked("set_repl"),
  setresp = asked("setresp"),
  sha1hex = asked("sha1hex"),
})
local for_scripts = joined(for_functions, {
  breakpoint = function() return false end,
  debug = function() end,
  replicate_commands = function() return true end,
})
local for_loading = joined(shared, {register_function = asked("register")})

-- The three worlds.

local strings = guarded(native.string)
local text_meta = debug.getmetatable("")
text_meta.__index = native.string
text_meta.__metatable = guarded({__index = strings})

local language = {
  _VERSION = _VERSION, string = strings, table = guarded(native.table), math = guarded(maths),
  coroutine = guarded(coroutines), cjson = guarded(json), bit = guarded(bits),
}
for name in ([[assert collectgarbage error gcinfo getmetatable ipairs load loadstring next pairs pcall rawequal
    rawget rawset select setmetatable tonumber tostring type unpack xpcall]]):gmatch("%S+") do
  language[name] = safe[name] or native[name]
end

local function world_of_script(keys, arguments)
  local globals = joined(language, {
    redis = guarded(for_scripts), KEYS = keys, ARGV = arguments, __redis__err__handler = explain,
  })
  globals._G = guarded(globals, strict(function() return globals end))
  return globals._G
end

local is_loading = false
local globals_of_functions = joined(language, {redis = guarded(for_functions)})
local loading_api = guarded(for_loading, strict(function() return for_loading end))
local world_of_functions = guarded(
  globals_of_functions,
  strict(function() return is_loading and {redis = loading_api} or globals_of_functions end)
)
globals_of_functions._G = world_of_functions

for name in pairs(native) do native._G[name] = nil end

-- The ways in.

local function run(source, world, body)
  current.line, current.left, current.source, current.world = 1, line_limit, source, world
  debug.sethook(step, "l")
  local fine, value = xpcall(body, explain)
  debug.sethook()
  return fine, value
end

local ways = {null = null, rawget = native.rawget}

function ways.compile(text, source) return native.loadstring(text, source) end

function ways.eval(chunk, keys, arguments)
  local world = world_of_script(keys, arguments)
  return run("@user_script", world, setfenv(chunk, world))
end

function ways.load(chunk)
  is_loading = true
  local fine, value = run("@user_function", world_of_functions, setfenv(chunk, world_of_functions))
  is_loading = false
  return fine, value
end

function ways.call(callback, keys, arguments)
  return run("@user_function", world_of_functions, function() return callback(keys, arguments) end)
end

return ways
