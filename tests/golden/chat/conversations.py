"""The conversations that chat templates are tried on, as transformers' apply_chat_template takes them, and how it
renders one: the reference that Coda's interpreter is compared with."""
import datetime
import json

NOW = datetime.datetime(2026, 1, 2, 3, 4, 5)

WEATHER = {"type": "function", "function": {
    "name": "get_weather", "description": "The weather at a place, \"now\" & later.",
    "parameters": {"type": "object", "properties": {
        "place": {"type": "string", "description": "Town, country"},
        "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]}}, "required": ["place"]}}}
TIMER = {"type": "function", "function": {
    "name": "set_timer", "description": "Sets a timer.",
    "parameters": {"type": "object", "properties": {"minutes": {"type": "integer"}}, "required": ["minutes"]}}}

SYSTEM = {"role": "system", "content": "You are Coda. Answer in one sentence."}
HI = {"role": "user", "content": "Hello there"}
HELLO = {"role": "assistant", "content": "Hi! What can I do?"}
ODD = {"role": "user", "content": "  Caf\u00e9 \U0001f44d <|im_end|> {{ x }} 'quoted' \"twice\"\n\nlast line \n"}
ASK = {"role": "user", "content": "Is it raining in Bern?"}


def call(name, arguments, identifier):
    return {"id": identifier, "type": "function", "function": {"name": name, "arguments": arguments}}


CALL = {"role": "assistant", "content": "", "tool_calls": [call("get_weather", {"place": "Bern"}, "abc123def")]}
RESULT = {"role": "tool", "name": "get_weather", "tool_call_id": "abc123def", "content": "{\"sky\": \"rain\"}"}
TWO_CALLS = {"role": "assistant", "content": "",
             "tool_calls": [call("get_weather", {"place": "Bern", "unit": "celsius"}, "abc123def"),
                            call("set_timer", {"minutes": 5}, "ghi456jkl")]}
SECOND_RESULT = {"role": "tool", "name": "set_timer", "tool_call_id": "ghi456jkl", "content": "done"}
THOUGHT = {"role": "assistant", "content": "<think>\nLet me see.\n</think>\n\nIt rains."}
ANSWER = {"role": "assistant", "content": "It rains."}

SHAPES = {
    "user": [HI],
    "system": [SYSTEM, HI],
    "turns": [SYSTEM, HI, HELLO, ODD],
    "turns without system": [HI, HELLO, ASK, ANSWER, ODD],
    "odd": [ODD],
    "answered": [HI, HELLO],
    "call": [SYSTEM, ASK, CALL, RESULT],
    "call and answer": [ASK, CALL, RESULT, ANSWER, HI],
    "two calls": [SYSTEM, ASK, TWO_CALLS, RESULT, SECOND_RESULT],
    "thought": [HI, THOUGHT, ASK],
    "empty": [{"role": "user", "content": ""}],
    "two users": [HI, ASK],
}
TOKENS = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"}


def cases():
    """(name, variables) for every shape with and without tools, thinking, and an opened reply."""
    for name, messages in SHAPES.items():
        for tools in ([], [WEATHER], [WEATHER, TIMER]):
            for thinking in (None, False, True):
                for opened in (True, False):
                    variables = {"messages": messages, "tools": tools or None, "documents": None,
                                 "add_generation_prompt": opened, **TOKENS}
                    if thinking is not None:
                        variables["enable_thinking"] = thinking
                    label = f"{name}, {len(tools)} tools, thinking {thinking}, " + ("open" if opened else "closed")
                    yield label, variables


def render(template, variables):
    """transformers' own environment; raises what the template raises."""
    from transformers.utils import chat_template_utils
    compiled = chat_template_utils._compile_jinja_template(template)
    return compiled.render(**{**variables, "strftime_now": NOW.strftime})
