"""Scripts, run by a fake and by the real server it plays by default: both must say the same, word for word."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from packages.testing.tests.word_for_word import redis_7_0
from respool_testing import FakeServer, RawConnection, ServerProcess
from respool_testing.replies import Reply

# The scripts of the lock recipe, and of a rate limiter as it is found everywhere.
RELEASE = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end"
EXTEND = "if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end return redis.call('pexpire', KEYS[1], ARGV[2])"
LIMIT = """
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
if count > tonumber(ARGV[2]) then return {err = 'BUSY too many'} end
return {count, redis.call('TTL', KEYS[1])}
"""
ODDITIES = """
return foo | foo = 1 | return redis.call('NOSUCH') | return redis.call() | return redis.call('GET') | error('x')
error({err = 'My ERR'}) | error(nil) | error('x', 0) | error('x', 2) | error(5) | assert(false) | return {err = 'a b'}
return redis.error_reply('x') | return redis.error_reply('-BAD x y') | return redis.error_reply() | return {ok = 'a'}
return redis.status_reply('x') | return redis.status_reply(1) | return {1, 2, nil, 3} | return {ok = 1} | return -3.99
return 1e100 | return 0/0 | return {false, true} | return redis | return redis.call | x x | return redis.sha1hex('')
return redis.sha1hex() | return redis.setresp(4) | return redis.setresp() | return redis.log('x') | return _VERSION
return redis.log(9, 'x') | return redis.log('a', 'x') | return redis.log(redis.LOG_DEBUG, 'x')
return redis.set_repl(9)
return redis.call('SUBSCRIBE', 'x') | return redis.call('CLIENT', 'ID') | return redis.call('CLIENT', 'NOSUCH')
return redis.call({}) | return redis.pcall('SET', 'k', true) | return redis.call('ECHO', 1e15) | return {map = {a = 1}}
return redis.call('ECHO', -0.1) | return redis.call('ECHO', 1e17) | return {double = 3.5} | return {set = {a = true}}
return {big_number = '123'} | return {verbatim_string = {string = 'x', format = 'txt'}} | return {double = 'x'}
return redis.acl_check_cmd('get', 'x') | return redis.acl_check_cmd('nosuch') | return redis.REDIS_VERSION_NUM
string.x = 1 | KEYS = {} | rawset(_G, 'a', 1) | setmetatable(_G, {}) | getmetatable('').__index = 1 | redis.x = 1
local a = nil; return a.b | return setmetatable('', {}) | return redis.breakpoint() | return redis.replicate_commands()
#!lua name=x\nreturn 1 | #!lua flags=no-writes\nreturn redis.call('SET', 'a', 1) | #!lua flags=bad\nreturn 1
#!js\nreturn 1 | #!lua return 1 | #!lua\n\nreturn foo | return {err = 'a\\r\\nb'} | return {ok = 'a\\nb'}
local ok, e = pcall(redis.call, 'NOSUCH') return {ok, type(e), e} | return {pcall(function() error('x') end)}
return {xpcall(function() error('x') end, function(m) return 'h:' .. m end)} | return #KEYS + #ARGV
return coroutine.wrap(function() return 5 end)() | return loadstring('return 5')() | return loadstring('x x')
local t = {} for name in pairs(redis) do t[#t + 1] = name end table.sort(t) return t
""".replace("\n", "|").replace("\\n", "\n").split("|")  # fmt: skip
CALCULATED = """
cjson.encode({1, 2, a = 1}) | cjson.encode({}) | cjson.encode({1, 2, {x = 1.5}}) | cjson.encode({[1] = 1, [3] = 2})
cjson.encode({[1] = 1, [30] = 2}) | cjson.encode(redis.call) | cjson.encode('a/b\\"\\n\\1\\127é') | cjson.encode(1/0)
cjson.encode(1e15) | cjson.encode(1/3) | cjson.encode({[1.5] = 2}) | cjson.encode({true, cjson.null, false})
cjson.encode(nil) | cjson.encode() | cjson.encode({[true] = 1}) | cjson.encode(cjson.decode('{"a":[]}'))
cjson.decode('[1,null,{"a":1.5}]')[2] == cjson.null | cjson.decode('') | cjson.decode('[1,]') | cjson.decode('[1 2]')
cjson.decode('"\\\\u00e9\\\\n"') | cjson.decode('1 x') | cjson.decode('nan') | cjson.decode(5) | cjson.decode()
cjson.decode('"a') | cjson.decode('truex') | cjson.decode('[') | cjson.decode('{1:2}') | cjson.decode('{"a" 1}')
cjson.decode('-') | cjson.decode('0x10') | cjson.decode('{bad') | cjson.decode('{"a":1 "b"}') | tostring(cjson.null)
cjson.decode('"\\\\ud83d\\\\ude00"') | bit.band(5, 3) | bit.tohex(255, -4) | bit.bnot(0) | bit.lshift(1, 31)
bit.rshift(-1, 28) | bit.arshift(-16, 2) | bit.rol(0x12345678, 8) | bit.ror(1, 1) | bit.bswap(0x12345678)
bit.tobit(2^32 + 5) | bit.bor(1, 2, 4) | bit.bxor(7, 2) | bit.band('x') | bit.band() | math.random(0)
math.random(2, 1) | math.randomseed(7) or math.random(1000000) | math.floor(3.7)
string.format('%5.2f %q', 3.14159, 'a')
""".replace("\n", "|").split("|")  # fmt: skip

KEYS = st.sampled_from(["k", "h", "l"])
VALUES = st.sampled_from(["1", "-5", "abc", "3.5", "", "x y"])
COMMANDS = st.one_of(
    st.tuples(st.just("SET"), KEYS, VALUES),
    st.tuples(st.sampled_from(["GET", "INCR", "DEL", "TYPE", "HGETALL", "LLEN", "STRLEN", "TTL"]), KEYS),
    st.tuples(st.just("HSET"), KEYS, VALUES, VALUES),
    st.tuples(st.just("RPUSH"), KEYS, VALUES, VALUES),
    st.tuples(st.just("LRANGE"), KEYS, st.just("0"), st.just("-1")),
    st.tuples(st.just("HINCRBYFLOAT"), KEYS, VALUES, VALUES),
    st.tuples(st.sampled_from(["NOSUCH", "PING", "GET", "BLPOP", "MULTI"])),
)


def quoted(command: tuple[str, ...]) -> str:
    return ", ".join(f"'{word}'" for word in command)


CALLS = st.builds(
    lambda how, command: f"redis.{how}({quoted(command)})", st.sampled_from(["call", "pcall"]), COMMANDS
)
VALUE_EXPRESSIONS = st.recursive(
    st.one_of(
        CALLS, st.sampled_from(["1", "2.5", "'s'", "true", "false", "nil", "KEYS[1]", "ARGV[2]", "ARGV[9]"])
    ),
    lambda inner: st.one_of(
        st.builds("{{{}, {}}}".format, inner, inner),
        st.builds("({} or {})".format, inner, inner),
        st.builds("({} == {})".format, inner, inner),
        st.builds("type({})".format, inner),
        st.builds("tostring(#KEYS + {})".format, inner),
        st.builds("select(2, pcall(function() return {} end))".format, inner),
    ),
    max_leaves=5,
)
STATEMENTS = st.one_of(
    CALLS,
    st.just("redis.setresp(3)"),
    st.builds("local v = {}".format, VALUE_EXPRESSIONS),
    st.builds("if {} then {} end".format, VALUE_EXPRESSIONS, CALLS),
    st.builds("for i = 1, 3 do {} end".format, CALLS),
)
SCRIPTS = st.builds(
    lambda before, last: "\n".join([*before, f"return {last}"]),
    st.lists(STATEMENTS, max_size=4),
    VALUE_EXPRESSIONS,
)


async def both_say(
    ours: RawConnection, theirs: RawConnection, script: str, command: str = "EVAL"
) -> tuple[Reply, Reply]:
    request = (command, script, 1, "k", "a", "b")
    return await ours.call(*request), await theirs.call(*request)


@pytest.fixture(scope="module")
def real() -> Iterator[ServerProcess]:
    server = ServerProcess(redis_7_0())
    server.start_process()
    yield server
    server.stop_process()


@pytest.mark.parametrize("protocol", [2, 3])
async def test_both_say_the_same_of_oddities(real: ServerProcess, protocol: int) -> None:
    scripts = [*ODDITIES, *(f"return {each}" for each in CALCULATED), RELEASE, EXTEND, LIMIT]
    async with (
        FakeServer(version="7.0.15") as fake,
        RawConnection(fake.host, fake.port) as ours,
        RawConnection(real.host, real.port) as theirs,
    ):
        for client in (ours, theirs):
            await client.call("HELLO", protocol)
        await theirs.call("FLUSHALL")
        for script in scripts:
            said, meant = await both_say(ours, theirs, script.strip())
            assert said == meant, script


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    scripts=st.lists(SCRIPTS, min_size=3, max_size=8),
    command=st.sampled_from(["EVAL", "EVAL", "EVAL_RO"]),
    protocol=st.sampled_from([2, 3]),
)
async def test_both_say_the_same_of_scripts_made_up(
    real: ServerProcess, scripts: list[str], command: str, protocol: int
) -> None:
    async with (
        FakeServer(version="7.0.15") as fake,
        RawConnection(fake.host, fake.port) as ours,
        RawConnection(real.host, real.port) as theirs,
    ):
        await theirs.call("FLUSHALL")
        for client in (ours, theirs):
            await client.call("HELLO", protocol)
        for script in scripts:
            said, meant = await both_say(ours, theirs, script, command)
            assert said == meant, script
