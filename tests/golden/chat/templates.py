"""Chat templates written for Coda's tests. Each uses the features and marks of a family's template, none repeats its text:
the originals stay under their models' licences."""

CHATML = r"""{%- if messages[0]['role'] != 'system' -%}
{{- '<|im_start|>system\nYou are a test.<|im_end|>\n' -}}
{%- endif -%}
{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>' + '\n' }}{% endfor %}
{%- if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}
"""

# Tools in the system text, calls and results in their marks, thinking kept for the last turns only.
HERMES_THINKING = r"""{#- tools first -#}
{%- set first = messages[0] if messages[0].role == 'system' else none %}
{%- if tools %}
    {{- '<|im_start|>system\n' }}
    {%- if first %}{{- first.content ~ '\n\n' }}{%- endif %}
    {{- "# Functions\n<tools>" }}
    {%- for tool in tools %}
        {{- "\n" }}
        {{- tool | tojson }}
    {%- endfor %}
    {{- "\n</tools>\nCall one as <tool_call>{\"name\": ..., \"arguments\": ...}</tool_call>.<|im_end|>\n" }}
{%- elif first %}
    {{- '<|im_start|>system\n' + first.content + '<|im_end|>\n' }}
{%- endif %}
{%- set ns = namespace(last=messages|length - 1, seeking=true) %}
{%- for message in messages[::-1] %}
    {%- set index = messages|length - 1 - loop.index0 %}
    {%- if ns.seeking and message.role == "user" and not (message.content.startswith('<tool_response>') and message.content.endswith('</tool_response>')) %}
        {%- set ns.seeking = false %}
        {%- set ns.last = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if message.content is string %}
        {%- set content = message.content %}
    {%- else %}
        {%- set content = '' %}
    {%- endif %}
    {%- if message.role == "user" or (message.role == "system" and not loop.first) %}
        {{- '<|im_start|>' + message.role + '\n' + content + '<|im_end|>' + '\n' }}
    {%- elif message.role == "assistant" %}
        {%- set thought = '' %}
        {%- if message.reasoning_content is defined and message.reasoning_content is not none %}
            {%- set thought = message.reasoning_content %}
        {%- elif '</think>' in content %}
            {%- set thought = content.split('</think>')[0].rstrip('\n').split('<think>')[-1].lstrip('\n') %}
            {%- set content = content.split('</think>')[-1].lstrip('\n') %}
        {%- endif %}
        {%- if loop.index0 > ns.last and (loop.last or thought) %}
            {{- '<|im_start|>assistant\n<think>\n' + thought.strip('\n') + '\n</think>\n\n' + content.lstrip('\n') }}
        {%- else %}
            {{- '<|im_start|>assistant\n' + content }}
        {%- endif %}
        {%- for call in message.tool_calls or [] %}
            {%- if (loop.first and content) or (not loop.first) %}{{- '\n' }}{%- endif %}
            {%- set call = call.function if call.function else call %}
            {{- '<tool_call>\n{"name": "' ~ call.name ~ '", "arguments": ' }}
            {%- if call.arguments is string %}{{- call.arguments }}{%- else %}{{- call.arguments | tojson }}{%- endif %}
            {{- '}\n</tool_call>' }}
        {%- endfor %}
        {{- '<|im_end|>\n' }}
    {%- elif message.role == "tool" %}
        {%- if loop.first or messages[loop.index0 - 1].role != "tool" %}{{- '<|im_start|>user' }}{%- endif %}
        {{- '\n<tool_response>\n' + content + '\n</tool_response>' }}
        {%- if loop.last or messages[loop.index0 + 1].role != "tool" %}{{- '<|im_end|>\n' }}{%- endif %}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}{{- '<think>\n\n</think>\n\n' }}{%- endif %}
{%- endif %}
"""

# Headers, a date, tools as JSON, calls as bare JSON, one at a time.
HEADERS = r"""{{- bos_token }}
{%- if not date_string is defined %}
    {%- if strftime_now is defined %}{%- set date_string = strftime_now("%d %b %Y") %}{%- else %}{%- set date_string = "1 Jan 2000" %}{%- endif %}
{%- endif %}
{%- if not tools is defined %}{%- set tools = none %}{%- endif %}
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system_message = "" %}
{%- endif %}
{{- "<|start_header_id|>system<|end_header_id|>\n\n" }}
{%- if tools is not none %}{{- "Environment: ipython\n" }}{%- endif %}
{{- "Date: " + date_string + "\n\n" + system_message + "<|eot_id|>" }}
{%- for message in messages %}
    {%- if loop.first and message.role == 'user' and tools is not none %}
        {{- '<|start_header_id|>user<|end_header_id|>\n\nUse {"name": function, "parameters": {...}}.\n\n' }}
        {%- for t in tools %}{{- t | tojson(indent=4) }}{{- "\n\n" }}{%- endfor %}
        {{- message.content|trim + "<|eot_id|>" }}
    {%- elif not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) %}
        {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'+ message['content'] | trim + '<|eot_id|>' }}
    {%- elif 'tool_calls' in message %}
        {%- if not message.tool_calls|length == 1 %}{{- raise_exception("one call at a time") }}{%- endif %}
        {%- set tool_call = message.tool_calls[0].function %}
        {{- '<|start_header_id|>assistant<|end_header_id|>\n\n' -}}
        {{- '{"name": "' + tool_call.name + '", "parameters": ' }}{{- tool_call.arguments | tojson }}{{- "}<|eot_id|>" }}
    {%- else %}
        {{- "<|start_header_id|>ipython<|end_header_id|>\n\n" }}
        {%- if message.content is mapping or (message.content is iterable and message.content is not string) %}
            {{- message.content | tojson }}
        {%- else %}{{- message.content }}{%- endif %}
        {{- "<|eot_id|>" }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{%- endif %}
"""

# Roles must take turns; the system text goes before the last user's words; calls as one list.
INST = r"""{%- if messages[0]["role"] == "system" %}
    {%- set system_message = messages[0]["content"] %}
    {%- set loop_messages = messages[1:] %}
{%- else %}
    {%- set loop_messages = messages %}
{%- endif %}
{%- set user_messages = loop_messages | selectattr("role", "equalto", "user") | list %}
{%- set ns = namespace(index=0) %}
{%- for message in loop_messages %}
    {%- if not (message.role == "tool" or (message.tool_calls is defined and message.tool_calls is not none)) %}
        {%- if (message["role"] == "user") != (ns.index % 2 == 0) %}{{- raise_exception("roles must take turns") }}{%- endif %}
        {%- set ns.index = ns.index + 1 %}
    {%- endif %}
{%- endfor %}
{{- bos_token }}
{%- for message in loop_messages %}
    {%- if message["role"] == "user" %}
        {%- if tools is not none and (message == user_messages[-1]) %}
            {{- "[AVAILABLE_TOOLS] [" }}
            {%- for tool in tools %}
                {%- set tool = tool.function %}
                {{- '{"type": "function", "function": {' }}
                {%- for key, val in tool.items() if key != "return" %}
                    {%- if val is string %}{{- '"' + key + '": "' + val + '"' }}
                    {%- else %}{{- '"' + key + '": ' + val|tojson }}{%- endif %}
                    {%- if not loop.last %}{{- ", " }}{%- endif %}
                {%- endfor %}
                {{- "}}" }}
                {%- if not loop.last %}{{- ", " }}{%- else %}{{- "]" }}{%- endif %}
            {%- endfor %}
            {{- "[/AVAILABLE_TOOLS]" }}
        {%- endif %}
        {%- if loop.last and system_message is defined %}{{- "[INST] " + system_message + "\n\n" + message["content"] + "[/INST]" }}
        {%- else %}{{- "[INST] " + message["content"] + "[/INST]" }}{%- endif %}
    {%- elif message.tool_calls is defined and message.tool_calls is not none %}
        {{- "[TOOL_CALLS] [" }}
        {%- for tool_call in message.tool_calls %}
            {%- set out = tool_call.function|tojson %}
            {{- out[:-1] }}
            {%- if not tool_call.id is defined or tool_call.id|length != 9 %}{{- raise_exception("ids have 9 characters") }}{%- endif %}
            {{- ', "id": "' + tool_call.id + '"}' }}
            {%- if not loop.last %}{{- ", " }}{%- else %}{{- "]" + eos_token }}{%- endif %}
        {%- endfor %}
    {%- elif message["role"] == "assistant" %}
        {{- " " + message["content"]|trim + eos_token}}
    {%- else %}
        {{- '[TOOL_RESULTS] {"content": ' + message.content|string + ', "call_id": "' + message.tool_call_id + '"}[/TOOL_RESULTS]' }}
    {%- endif %}
{%- endfor %}
"""

# No system role, "model" for the assistant.
TURNS = r"""{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system role') }}{% endif %}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('user and assistant take turns') }}{% endif %}{% if (message['role'] == 'assistant') %}{% set role = 'model' %}{% else %}{% set role = message['role'] %}{% endif %}{{ '<start_of_turn>' + role + '
' + message['content'] | trim + '<end_of_turn>
' }}{% endfor %}{% if add_generation_prompt %}{{'<start_of_turn>model
'}}{% endif %}"""

# The system text folded into the first turn, content as text or as parts.
TURNS_WITH_SYSTEM = r"""{{ bos_token }}
{%- if messages[0]['role'] == 'system' -%}
    {%- if messages[0]['content'] is string -%}
        {%- set prefix = messages[0]['content'] + '

' -%}
    {%- else -%}
        {%- set prefix = messages[0]['content'][0]['text'] + '

' -%}
    {%- endif -%}
    {%- set rest = messages[1:] -%}
{%- else -%}
    {%- set prefix = "" -%}
    {%- set rest = messages -%}
{%- endif -%}
{%- for message in rest -%}
    {%- set role = 'model' if message['role'] == 'assistant' else message['role'] -%}
    {{ '<start_of_turn>' + role + '
' + (prefix if loop.first else "") }}
    {%- if message['content'] is string -%}
        {{ message['content'] | trim }}
    {%- elif message['content'] is iterable -%}
        {%- for item in message['content'] -%}
            {%- if item['type'] == 'image' -%}{{ '<image>' }}{%- elif item['type'] == 'text' -%}{{ item['text'] | trim }}{%- endif -%}
        {%- endfor -%}
    {%- else -%}
        {{ raise_exception("unknown content") }}
    {%- endif -%}
    {{ '<end_of_turn>
' }}
{%- endfor -%}
{%- if add_generation_prompt -%}{{'<start_of_turn>model
'}}{%- endif -%}
"""

ENDS = r"""{% for message in messages %}{% if message['role'] == 'system' and message['content'] %}{{'<|system|>
' + message['content'] + '<|end|>
'}}{% elif message['role'] == 'user' %}{{'<|user|>
' + message['content'] + '<|end|>
'}}{% elif message['role'] == 'assistant' %}{{'<|assistant|>
' + message['content'] + '<|end|>
'}}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>
' }}{% else %}{{ eos_token }}{% endif %}"""

# A dictionary of roles, documents, a macro, a generation block, the date, thinking by name.
ROLES = r"""{%- macro turn(role, text='', end='<|end_of_text|>') -%}
<|start_of_role|>{{ role }}<|end_of_role|>{{ text }}{{ end }}
{%- endmacro -%}
{%- set system_message = messages[0]['content'] if messages[0]['role'] == 'system' else 'Date: ' ~ strftime_now('%B %d, %Y') ~ '.' -%}
{{ turn('system', system_message) }}
{% if tools %}
{{ turn('tools', tools | tojson(indent=4)) }}
{% endif -%}
{%- for message in messages -%}
    {%- if loop.first and message['role'] == 'system' -%}{%- continue -%}{%- endif -%}
    {%- if message['role'] == 'assistant' -%}
        {%- set body -%}
            {%- if message.tool_calls -%}<|tool_call|>{{ message.tool_calls | map(attribute='function') | list | tojson }}{%- else -%}{{ message['content'] }}{%- endif -%}
        {%- endset -%}
        {%- generation -%}{{ turn('assistant', body) }}{%- endgeneration -%}
    {%- elif message['role'] == 'tool' -%}{{ turn('tool_response', message['content']) }}
    {%- else -%}{{ turn(message['role'], message['content']) }}
    {%- endif %}
{% endfor -%}
{%- if add_generation_prompt -%}<|start_of_role|>assistant{% if enable_thinking is defined %} {{ {'thinking': enable_thinking} | tojson }}{% endif %}<|end_of_role|>{%- endif -%}
"""

# Old style: marks inside the text.
SYS = r"""{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% set system_message = messages[0]['content'] %}{% else %}{% set loop_messages = messages %}{% set system_message = false %}{% endif %}{% for message in loop_messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('roles must take turns') }}{% endif %}{% if loop.index0 == 0 and system_message != false %}{% set content = '<<SYS>>\n' + system_message + '\n<</SYS>>\n\n' + message['content'] %}{% else %}{% set content = message['content'] %}{% endif %}{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ ' '  + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}"""

FAMILIES = {name.lower(): value for name, value in list(globals().items()) if name.isupper()}

# Small programs, one feature each, over the variables of SNIPPET_VARIABLES.
SNIPPET_VARIABLES = {"text": "  Hello, W\u00f6rld \u00dcber  ", "items": [3, 1, 2], "names": ["b", "A", "c"],
                     "map": {"b": 1, "a": [1, 2.5, None, True], "items": "shadowed"}, "empty": [], "none": None,
                     "people": [{"name": "Ada", "age": 36}, {"name": "Bo", "age": 7, "pet": {"name": "Rex"}}]}
SNIPPETS = [
    "{{ text.strip() }}|{{ text|trim|upper }}|{{ text.lower() }}|{{ text|length }}|{{ text.split() }}",
    "{{ text[2] }}{{ text[-3] }}{{ text[2:7] }}{{ text[::-1] }}{{ text.strip()[:-1] }}",
    "{{ 'a,b,,c'.split(',') }}{{ 'a,b,,c'.split(',', 1) }}{{ 'a-b-c'.rsplit('-', 1)[-1] }}{{ 'x\ny\n'.splitlines() }}",
    "{{ 'title case'.title() }}{{ 'hELLO'.capitalize() }}{{ 'aXbX'.replace('X', '-') }}{{ 'abc'.find('c') }}{{ 'abab'.count('ab') }}",
    "{{ 'abc'.startswith(('x', 'a')) }}{{ 'abc'.endswith('bc') }}{{ '12'.isdigit() }}{{ 'ab1'.isalpha() }}{{ ''.isspace() }}",
    "{{ items|sort }}{{ items|sort(reverse=true) }}{{ items|sum }}{{ items|max }}{{ items|min }}{{ items|first }}{{ items|last }}",
    "{{ names|sort|join('+') }}{{ names|map('upper')|join }}{{ names|unique|list }}{{ names|reverse|list }}{{ empty|join(',') }}",
    "{{ people|map(attribute='name')|list }}{{ people|selectattr('age', 'gt', 10)|map(attribute='name')|first }}{{ people|rejectattr('pet')|list|length }}",
    "{{ people|map(attribute='pet.name', default='no pet')|join('/') }}{{ items|select('odd')|list }}{{ items|reject('equalto', 1)|list }}",
    "{{ map }}{{ map.a }}{{ map['b'] }}{{ map.get('zz', 'none') }}{{ map.keys()|list }}{{ map|dictsort }}{{ map|length }}",
    "{% for k, v in map.items() %}{{ loop.index }}{{ k }}={{ v }}{% if not loop.last %}; {% endif %}{% endfor %}",
    "{% for k, v in map|items %}{{ k }}{% else %}nothing{% endfor %}{% for x in empty %}{{ x }}{% else %}nothing{% endfor %}",
    "{% for x in range(10) %}{% if x == 2 %}{% continue %}{% endif %}{% if x == 5 %}{% break %}{% endif %}{{ x }}{{ loop.cycle('a', 'b') }}{% endfor %}",
    "{% for x in items if x > 1 %}{{ loop.revindex }}{{ loop.previtem }}{{ loop.nextitem }}{{ loop.first }}{{ loop.length }} {% endfor %}",
    "{% for x in [[1, [2]], [3, []]] recursive %}{% if x is iterable %}({{ loop(x) }}){% else %}{{ x }}@{{ loop.depth }}{% endif %}{% endfor %}",
    "{% set ns = namespace(n=0) %}{% for x in items %}{% set ns.n = ns.n + x %}{% set y = x %}{% endfor %}{{ ns.n }}{{ y is defined }}",
    "{% set a, b = 1, 'two' %}{{ a }}{{ b }}{% set t %}in {{ a }} block{% endset %}{{ t|upper }}{% set u | upper | trim %} filtered {% endset %}[{{ u }}]",
    "{% macro m(a, b=2, c='x') %}{{ a }}{{ b }}{{ c }}{% if caller %}{{ caller('z') }}{% endif %}{% endmacro %}{{ m(1) }}{{ m(1, c=3) }}{% call(q) m(9) %}<{{ q }}>{% endcall %}",
    "{{ 1 + 2 * 3 }}{{ 7 // 2 }}{{ -7 // 2 }}{{ -7 % 3 }}{{ 7 / 2 }}{{ 2 ** 10 }}{{ 1.0 }}{{ 1e20 }}{{ 0.1 + 0.2 }}{{ -3|abs }}{{ 2.5|round }}{{ 3.14159|round(2) }}",
    "{{ '5'|int + 1 }}{{ 'x'|int(7) }}{{ '2.5'|float }}{{ 3|string + '3' }}{{ 1 ~ 'a' ~ none ~ true }}{{ 'ab' * 3 }}{{ [1] + [2] }}",
    "{{ 1 < 2 < 3 }}{{ 1 == 1.0 }}{{ 'a' in 'abc' }}{{ 4 not in items }}{{ 'b' in map }}{{ none is none }}{{ not true or false }}{{ 'yes' if items else 'no' }}{{ 'no' if empty }}",
    "{{ missing is defined }}{{ missing|default('d') }}{{ ''|default('d', true) }}{{ missing }}{{ map.missing is undefined }}{{ none|default('n') }}{{ missing|length }}",
    "{{ 3 is odd }}{{ 4 is even }}{{ 4 is divisibleby 2 }}{{ 'x' is string }}{{ map is mapping }}{{ items is sequence }}{{ 5 is number }}{{ true is boolean }}{{ 1 is integer }}{{ 1.5 is float }}{{ 'a' is in 'ab' }}{{ 'A' is upper }}{{ items is iterable and items is not string }}",
    "{{ map|tojson }}{{ map|tojson(indent=2) }}{{ text|tojson }}{{ [1, 'é', '\\n\\t\"']|tojson }}{{ {'z': 1, 'a': {}}|tojson(sort_keys=true, separators=(',', ':')) }}{{ '<&>'|tojson }}",
    "{{ 'one\ntwo\n\nthree'|indent }}|{{ 'one\ntwo'|indent(2, true) }}|{{ 'a b c'|wordcount }}{{ '<a>'|e }}{{ '<a>'|safe }}",
    "  {% if true %}\n    line\n  {% endif %}\n  {#- comment -#}  \n next {%+ if true %} kept {% endif +%}\nend\n",
    "a\n  {%- if true -%}\n b \n {%- endif %}\n  {{- ' c ' -}}  \n d\n{% raw %}{{ not }} {% this %}{% endraw %}\n",
    "{{ \"q'q\" }}{{ 'q\"q' }}{{ 'tab\\tnew\\nuni\\u00e9\\x41' }}{{ ['q\\'q', \"a\"] }}{{ (1,) }}{{ () }}{{ {'k': none} }}",
    "{% with a = 1, b = a %}{{ a }}{{ b is defined }}{% endwith %}{% filter upper %}loud {{ 1 }}{% endfilter %}{{ '{}-{b}'.format(1, b=2) }}",
    "{{ items|batch(2)|list }}{{ 'abc'|reverse }}{{ 'abc'|list }}{{ dict(a=1, b='x') }}{{ 'a'.join(['1', '2']) }}{{ 'pre-x'.removeprefix('pre-') }}",
    "{{ map.items() | list | length }}{{ people[0].name }}{{ people[-1]['pet'].name }}{{ people[9] is defined }}{{ 'x'.nothing is defined }}{{ none.x is defined }}",
    "{{ strftime_now('%Y-%m-%d %H:%M') }}{{ strftime_now('%d %b %Y, %A %B') }}",
    "{{ raise_exception('stop here') }}", "{{ missing.x }}", "{{ missing + 1 }}", "{{ 1 + 'a' }}", "{{ 'a' < 1 }}", "{{ 1 // 0 }}",
    "{{ items.append(4) }}", "{{ map.update({}) }}", "{{ missing() }}", "{{ range(1000000) }}", "{% set map.x = 1 %}", "{{ none|length }}",
    "{% for a, b in items %}{% endfor %}", "{{ 'a'|nofilter }}", "{{ 'a' is notest }}", "{{ [1, 'a']|sort }}",
    "{{", "{% if %}", "{% if true %}", "{% endfor %}", "{{ 'open }}", "{% for %}", "{{ a b }}", "{{ (1 }}", "{# open", "{% break %}", "{{ 1 | }}", "{{ ] }}",
]
