#!/usr/bin/env python3
"""The command line as docs/commands.md promises it: JSON shapes, exit statuses, and one clear line for each error.

  tests/cli_test.py PATH_OF_CODA [CLASS ...]

Needs the packaged models (script/bootstrap). Configuration, state and added models go to a folder of their own.
"""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import wave

ROOT = pathlib.Path(__file__).resolve().parent.parent
AUDIO = ROOT / "tests/data/audio"
CODA = None  # set from the command line

COMMANDS = ["ask", "talk", "chat", "transcribe", "speak", "models", "devices", "bench", "doctor", "config",
            "memory", "personality"]


def data_dir():
    if os.environ.get("CODA_DATA_DIR"):
        return pathlib.Path(os.environ["CODA_DATA_DIR"])
    return pathlib.Path(os.environ.get("XDG_DATA_HOME") or pathlib.Path.home() / ".local/share") / "coda"


class Cli(unittest.TestCase):
    """A folder for each test, with the real models linked in, and calls of coda in it."""

    def setUp(self):
        self.folder_owner = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder_owner.cleanup)
        self.folder = pathlib.Path(self.folder_owner.name)
        models = self.folder / "data/models"
        models.mkdir(parents=True)
        for model in (data_dir() / "models").iterdir():
            if model.name != "added":
                (models / model.name).symlink_to(model)
        (self.folder / "config").mkdir()
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("CODA_")}
        for kind in ("data", "config", "cache", "state"):
            self.environment[f"CODA_{kind.upper()}_DIR"] = str(self.folder / kind)
        if "CODA_CPU" in os.environ:
            self.environment["CODA_CPU"] = os.environ["CODA_CPU"]

    def coda(self, *arguments, status=0, stdin=b"", environment=None):
        run = subprocess.run([CODA, *arguments], input=stdin, capture_output=True, timeout=240, check=False,
                             env=dict(self.environment, **(environment or {})), cwd=self.folder)
        self.assertEqual(run.returncode, status, f"{arguments}: {run.stdout.decode(errors='replace')[-2000:]}\n"
                                                 f"{run.stderr.decode(errors='replace')[-2000:]}")
        return run

    def json_lines(self, *arguments, **options):
        run = self.coda("--json", *arguments, **options)
        return [json.loads(line) for line in run.stdout.decode().splitlines()]

    def one(self, *arguments, **options):
        lines = self.json_lines(*arguments, **options)
        self.assertEqual(len(lines), 1, lines)
        return lines[0]

    def fails(self, *arguments, says=(), status=1, **options):
        """One line on stderr that holds every word of `says`, nothing on stdout; the same as JSON."""
        run = self.coda(*arguments, status=status, **options)
        error = run.stderr.decode()
        self.assertEqual(run.stdout, b"")
        self.assertEqual(error.count("\n"), 1, error)
        self.assertTrue(error.startswith("coda: "), error)
        for words in says:
            self.assertIn(words, error)
        told = self.one(*arguments, status=status, **options)["error"]
        self.assertEqual(set(told), {"code", "what", "where", "mend"})
        return error

    def configure(self, text, mode=0o644):
        path = self.folder / "config/coda.toml"
        path.write_text(text)
        path.chmod(mode)
        return path


class Memory(Cli):
    def say(self, words):
        return self.one("ask", "--silent", words)["reply"]

    def test_what_is_told_is_known_to_the_next_process(self):
        self.assertIn("your locker code is 4719", self.say("remember that my locker code is 4719"))
        self.assertEqual(self.say("what is my locker code"), "You said that your locker code is 4719.")
        self.assertEqual((self.folder / "state/memory.db").stat().st_mode & 0o777, 0o600)

    def test_corrected_listed_and_forgotten_by_voice(self):
        self.say("remember that my sister is Ida")
        self.assertIn("changed", self.say("No, my sister is Ada, not Ida."))
        self.assertIn("your sister is Ada", self.say("what do you know about me?"))
        self.assertIn("forgotten", self.say("forget everything you know about my sister"))
        self.assertEqual(self.json_lines("memory"), [])

    def test_switched_off_nothing_is_kept(self):
        self.say("remember that my pin is 1")
        self.configure("[memory]\nenabled = false\n")
        self.assertIn("while we talk", self.say("remember that my code is 4719"))
        self.configure("")
        self.assertEqual([fact["text"] for fact in self.json_lines("memory", "list")], ["my pin is 1"])

    def test_commands(self):
        added = self.one("memory", "add", "my bike is blue")
        self.assertEqual(set(added), {"id", "text", "source", "time", "importance"})
        self.one("memory", "edit", str(added["id"]), "my bike is green")
        self.assertEqual(self.one("memory", "search", "what colour is my bike")["text"], "my bike is green")
        self.coda("memory", "export", "all.jsonl")
        self.assertEqual(self.one("memory", "forget", str(added["id"]))["text"], "my bike is green")
        self.assertEqual(self.json_lines("memory"), [])
        self.assertEqual(self.one("memory", "import", "all.jsonl"), {"added": 1, "replaced": 0, "known": 0})
        self.assertEqual(self.one("memory", "import", "all.jsonl"), {"added": 0, "replaced": 0, "known": 1})
        again = self.one("memory", "list")
        self.assertEqual((again["text"], again["time"]), ("my bike is green", added["time"]))
        self.assertEqual(self.one("memory", "forget", "--all"), {"forgotten": 1})

    def test_failures(self):
        self.fails("memory", "forget", "7", says=["7", "coda memory list"])
        self.fails("memory", "forget", status=2, says=["--all"])
        self.fails("memory", "import", "nowhere.jsonl", says=["nowhere.jsonl"])
        (self.folder / "bad.jsonl").write_text('{"text": "a fact"}\n{"text": 3}\n')
        self.fails("memory", "import", "bad.jsonl", says=["bad.jsonl:2", "text"])
        self.assertEqual(self.json_lines("memory"), [])
        (self.folder / "state").mkdir(exist_ok=True)

    def test_a_damaged_file_is_set_aside(self):
        (self.folder / "state").mkdir()
        (self.folder / "state/memory.db").write_bytes(b"no database at all, but long enough to be one" * 100)
        run = self.coda("ask", "--silent", "remember that my code is 4719")
        self.assertIn("damaged", run.stderr.decode())
        self.assertEqual(len(self.json_lines("memory")), 1)


class Personality(Cli):
    def say(self, words, *flags):
        return self.one("ask", "--silent", *flags, words)["reply"]

    def test_wishes_last_over_processes_are_listed_and_undone(self):
        self.assertEqual(self.say("what's 12 times 12"), "That's 144.")
        self.say("shorter please")
        self.assertEqual(self.say("what's 12 times 12"), "144.")
        shown = self.one("personality", "show", "--why")
        asked = [change for change in shown["changes"] if change["cause"] == "asked"]
        self.assertEqual([change["reason"] for change in asked], ["you asked for shorter answers"])
        self.assertLess(shown["traits"]["verbosity"]["value"], shown["traits"]["verbosity"]["own"])
        self.assertIn("you asked for shorter answers", self.coda("personality", "show", "--why").stdout.decode())
        self.assertEqual(self.one("personality", "undo", str(asked[0]["id"]))["undone"], [asked[0]["id"]])
        self.assertEqual(self.say("what's 12 times 12"), "That's 144.")
        self.assertEqual((self.folder / "state/personality.json").stat().st_mode & 0o777, 0o600)

    def test_characters(self):
        listed = {line["id"]: line["name"] for line in self.json_lines("personality", "list")}
        self.assertLessEqual({"coda": "Coda", "sterling": "Sterling", "pip": "Pip", "mira": "Mira"}.items(),
                             listed.items())
        self.assertIn("Sterling", self.say("who are you", "--character", "sterling"))
        self.assertIn("144", self.say("what's 12 times 12", "--character", "mira"))
        own = self.folder / "config/characters"
        own.mkdir()
        (own / "alba.toml").write_text("name = \"Alba\"\npace = 1.25\n[traits]\nhumor = 0.9\n")
        self.configure("[personality]\ncharacter = \"alba\"\nhumor = 0.1\n")
        shown = self.one("personality")
        self.assertEqual((shown["name"], shown["traits"]["humor"]["own"]), ("Alba", 0.1))
        origins = {row["name"]: row["origin"] for row in self.one("config", "show")["settings"]}
        self.assertEqual(origins["tts.speed"], "character Alba")

    def test_a_bad_character_is_named(self):
        (self.folder / "bad.toml").write_text("name = \"A\"\n[traits]\nhumour = 1\n")
        self.fails("--character", "./bad.toml", "ask", "--silent", "hello", says=("bad.toml:3", "humor"))
        self.fails("--character", "sterlin", "personality", says=("sterlin", "sterling"))
        report = self.one("--character", "nobody", "doctor", status=1)
        self.assertIn("personality.character", [c["id"] for c in report["checks"] if c["health"] == "failed"])

    def test_failures(self):
        self.fails("personality", "undo", "99", says=("99",))
        self.fails("personality", "undo", "1", "--all", status=2, says=("undo",))
        self.assertEqual(self.one("personality", "undo"), {"undone": []})

    def test_a_damaged_file_is_set_aside(self):
        (self.folder / "state").mkdir()
        (self.folder / "state/personality.json").write_text("{")
        run = self.coda("personality")
        self.assertIn("damaged", run.stderr.decode())
        self.assertTrue(list((self.folder / "state").glob("personality.json.damaged-*")))


class Usage(Cli):
    def test_bare_coda_offers_what_to_do(self):
        out = self.coda().stdout.decode()
        for command in COMMANDS:
            self.assertIn(f"coda {command}", out)
        self.assertEqual([command["name"] for command in self.one()["commands"]], COMMANDS)

    def test_every_command_has_help(self):
        for words in [[command] for command in COMMANDS] + [["models", "add"], ["config", "show"], ["bench", "turn"]]:
            run = self.coda(*words, "--help")
            self.assertIn(b"Usage:", run.stdout)
            self.assertEqual(run.stderr, b"")

    def test_version(self):
        self.assertRegex(self.coda("--version").stdout.decode(), r"^coda \d+\.\d+\.\d+\n$")

    def test_wrong_usage_is_status_2_and_names_what_was_meant(self):
        self.fails("takl", status=2, says=["takl", "did you mean talk?"])
        self.fails("ask", "--wavv", "x.wav", status=2, says=["--wavv"])
        self.fails("transcribe", status=2, says=["FILE"])
        self.fails("talk", "--clock", "virtual", status=2, says=["--input"])
        self.fails("talk", "--output", "x.wav", status=2, says=["--input"])
        self.fails("talk", "--clock", "sundial", "--input", "x.wav", status=2, says=["sundial"])

    def test_a_closed_pipe_is_quiet(self):
        with subprocess.Popen([CODA, "config", "show"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env=self.environment) as run:
            run.stdout.close()
            self.assertEqual(run.stderr.read(), b"")
            self.assertNotEqual(run.wait(), -signal.SIGPIPE)

    def test_a_full_disk_behind_stdout_is_said(self):
        with open("/dev/full", "wb") as full:
            run = subprocess.run([CODA, "config", "show"], stdout=full, stderr=subprocess.PIPE, check=False,
                                 env=self.environment)
        self.assertEqual(run.returncode, 1)
        self.assertIn(b"No space left", run.stderr)


class Config(Cli):
    def test_show_says_where_each_value_comes_from(self):
        path = self.configure("# mine\n[llm]\ncontext = 2048\n")
        shown = self.one("config", "show", "--set", "tts.speed=1.5", environment={"CODA_LLM_SEED": "7"})
        rows = {row["name"]: row for row in shown["settings"]}
        self.assertEqual((rows["llm.context"]["value"], rows["llm.context"]["origin"]), ("2048", f"{path}:3"))
        self.assertEqual((rows["llm.seed"]["value"], rows["llm.seed"]["origin"]), ("7", "CODA_LLM_SEED"))
        self.assertEqual((rows["tts.speed"]["value"], rows["tts.speed"]["origin"]), ("1.5", "--set"))
        self.assertEqual(rows["runtime.threads"]["origin"], "default")
        self.assertIn("CODA_LLM_SEED", self.coda("config", "show", "--origin", environment={"CODA_LLM_SEED": "7"})
                      .stdout.decode())

    def test_check_names_all_errors_with_their_lines(self):
        self.configure('[llm]\ncontxt = 1\ncontext = "many"\n[log]\nlevel = "loud"\n')
        checked = self.one("config", "check", status=1)
        self.assertFalse(checked["ok"])
        self.assertEqual(len(checked["errors"]), 3)
        text = self.coda("config", "check", status=1).stdout.decode()
        for words in ("coda.toml:2", "did you mean llm.context?", "coda.toml:3", "coda.toml:5", "info, warn"):
            self.assertIn(words, text)
        self.coda("devices", status=1)  # other commands refuse

    def test_the_file_need_not_exist_and_may_be_elsewhere(self):
        self.assertTrue(self.one("config", "check")["ok"])
        other = self.folder / "other.toml"
        other.write_text("[llm]\nseed = 3\n")
        shown = self.one("config", "show", "--config", str(other))
        self.assertIn("3", [row["value"] for row in shown["settings"] if row["name"] == "llm.seed"])

    def test_a_profile_fills_in_what_nothing_else_gives(self):
        self.configure('profile = "tiny"\n[llm]\ncontext = 2048\n')
        rows = {row["name"]: row for row in self.one("config", "show")["settings"]}
        self.assertEqual((rows["assistant.window_turns"]["value"], rows["assistant.window_turns"]["origin"]),
                         ("6", "profile tiny"))
        self.assertEqual(rows["llm.context"]["value"], "2048")
        rows = {row["name"]: row for row in self.one("config", "show", "--profile", "server")["settings"]}
        self.assertEqual((rows["log.level"]["value"], rows["log.level"]["origin"]), ("info", "profile server"))
        self.fails("config", "show", "--profile", "sever", status=2, says=["desktop, server, tiny"])

    def test_every_profile_is_right(self):
        for profile in ("desktop", "server", "tiny"):
            self.assertTrue(self.one("config", "check", "--profile", profile)["ok"])

    def test_a_wrong_flag_is_wrong_usage(self):
        self.coda("config", "show", "--set", "llm.context=3", status=2)
        self.coda("config", "show", "--threads", "many", status=2)

    def test_a_secret_is_never_printed_and_its_file_must_be_private(self):
        self.configure('[llm]\napi_key = "sesame"\n', 0o644)
        error = self.coda("config", "show", status=1).stderr.decode()
        self.assertIn("chmod 600", error)
        self.configure('[llm]\napi_key = "sesame"\n', 0o600)
        for run in (self.coda("config", "show", "--origin"), self.coda("--json", "config", "show")):
            self.assertNotIn(b"sesame", run.stdout + run.stderr)
            self.assertIn(b"(set)", run.stdout)

    def test_a_mistyped_variable_is_remarked_on(self):
        run = self.coda("config", "check", environment={"CODA_LLM_CONTXT": "1"})
        self.assertIn(b"CODA_LLM_CONTXT", run.stderr)

    def test_no_two_settings_share_a_variable(self):
        names = [row["environment"] for row in self.one("config", "show")["settings"]]
        self.assertEqual(len(names), len(set(names)))

    def test_the_documentation_lists_every_setting(self):
        documented = (ROOT / "docs/configuration.md").read_text()
        for row in self.one("config", "show")["settings"]:
            default = row["default"] or "empty"
            line = f"| `{row['name']}` | {default} | {row['type']}{', ' + row['allowed'] if row['allowed'] else ''} |"
            self.assertIn(line, documented)


class Ask(Cli):
    SHAPE = {"transcript", "reply", "path", "tool_calls", "timings_ms", "tokens", "reply_audio", "models", "device"}

    def check_shape(self, turn):
        self.assertEqual(set(turn), self.SHAPE)
        self.assertIn(turn["path"], ("intent", "tool", "llm"))
        self.assertEqual(set(turn["timings_ms"]),
                         {"stt", "prefill", "first_token", "first_clause", "tts_first_audio", "response"})
        self.assertEqual(set(turn["tokens"]), {"prompt", "cached", "generated", "per_second"})
        self.assertEqual(set(turn["models"]), {"stt", "llm", "tts"})
        self.assertEqual(set(turn["device"]), {"kind", "name", "reason"})
        for call in turn["tool_calls"]:
            self.assertEqual(set(call), {"name", "arguments", "result"})

    def test_text(self):
        turn = self.one("ask", "what is twelve times twelve")
        self.check_shape(turn)
        self.assertEqual(turn["transcript"], "what is twelve times twelve")
        self.assertIn("144", turn["reply"])
        self.assertIsNone(turn["timings_ms"]["stt"])

    def test_words_need_no_quotes_and_commands_are_words(self):
        self.assertEqual(self.one("ask", "--silent", "what", "time", "is", "it")["transcript"], "what time is it")
        self.assertEqual(self.one("ask", "--silent", "talk", "to", "me")["transcript"], "talk to me")

    def test_a_recording(self):
        out = self.folder / "reply.wav"
        turn = self.one("ask", "--wav", str(AUDIO / "spoken/plain-39.wav"), "--out", str(out))
        self.check_shape(turn)
        self.assertIn("144", turn["reply"])
        self.assertEqual(turn["reply_audio"]["path"], str(out))
        with wave.open(str(out)) as reply:
            self.assertEqual((reply.getframerate(), reply.getnchannels(), reply.getsampwidth()), (24000, 1, 2))
            self.assertAlmostEqual(reply.getnframes() / 24000, turn["reply_audio"]["seconds"], places=2)
            self.assertGreater(reply.getnframes(), 12000)
        for stage in ("stt", "first_clause", "tts_first_audio", "response"):
            self.assertGreater(turn["timings_ms"][stage], 0)

    def test_an_open_question_reaches_the_language_model(self):
        turn = self.one("ask", "--silent", "Why is the sky blue?")
        self.assertEqual(turn["path"], "llm")
        self.assertGreater(turn["tokens"]["generated"], 0)
        self.assertGreater(turn["timings_ms"]["first_token"], 0)
        self.assertIsNone(turn["reply_audio"])

    def test_through_a_pipe(self):
        self.assertEqual(self.one("ask", "--silent", stdin=b"what time is it\n")["transcript"], "what time is it")

    def test_what_is_no_question(self):
        self.fails("ask", "", status=2, says=["empty"])
        self.fails("ask", stdin=b" \n", status=2, says=["empty"])
        self.fails("ask", b"caf\xe9", status=2, says=["UTF-8", "byte 3"])
        self.fails("ask", "hello", "--wav", str(AUDIO / "jfk.wav"), status=2, says=["--wav"])

    def test_a_very_long_text_ends_in_an_answer_or_one_line(self):
        text = ("all work and no play " * 6000).encode()[:100_000]
        run = subprocess.run([CODA, "ask", "--silent"], input=text, capture_output=True, timeout=240, check=False,
                             env=self.environment)
        self.assertIn(run.returncode, (0, 1), run.stderr)
        if run.returncode == 1:
            self.assertEqual(run.stderr.decode().count("\n"), 1, run.stderr)

    def test_the_language_reaches_every_turn(self):
        recording = str(AUDIO / "spoken/plain-39.wav")
        self.fails("ask", "--wav", recording, "--set", "stt.language=de", status=2, says=["'de'", "English"])
        events = self.json_lines("talk", "--input", recording, "--clock", "virtual", "--set", "stt.language=de")
        self.assertIn("English", [event for event in events if event["event"] == "error"][0]["message"])

    def test_what_is_no_recording(self):
        self.fails("ask", "--wav", "nowhere.wav", says=["nowhere.wav"])
        self.fails("ask", "--wav", str(AUDIO), says=["directory"])
        self.fails("ask", "--wav", str(ROOT / "README.md"), says=["README.md"])

    def test_a_full_disk(self):
        for path, says in (("/dev/full", "No space left"), ("nowhere/reply.wav", "folder does not exist")):
            run = self.coda("ask", "what time is it", "--out", path, status=1)  # the answer itself was printed
            self.assertEqual(run.stderr.decode().count("\n"), 1)
            self.assertIn(f"{path}: ", run.stderr.decode())
            self.assertIn(says, run.stderr.decode())
        self.assertTrue(pathlib.Path("/dev/full").is_char_device())

    def test_without_models(self):
        self.fails("ask", "why is the sky blue", environment={"CODA_DATA_DIR": str(self.folder / "empty")},
                   says=["script/bootstrap"])

    def test_a_broken_model_is_named(self):
        bad = self.folder / "bad.gguf"
        bad.write_bytes(b"GGUF" + bytes(100))
        self.fails("ask", "why is the sky blue", "--llm", str(bad), says=["bad.gguf"])
        self.fails("ask", "why is the sky blue", "--llm", "nowhere.gguf", says=["nowhere.gguf"])

    def test_a_server_that_is_down_is_named(self):
        self.fails("ask", "why is the sky blue", "--llm", "openai:http://127.0.0.1:9", says=["127.0.0.1:9"])


class Stages(Cli):
    def test_transcribe(self):
        heard = self.coda("transcribe", str(AUDIO / "jfk.wav")).stdout.decode()
        self.assertIn("ask not what your country can do for you", heard.lower())
        self.assertEqual(heard.count("\n"), 1)

    def test_transcribe_goes_on_after_a_bad_file(self):
        lines = self.json_lines("transcribe", str(AUDIO / "LJ001-0002.wav"), "nowhere.wav", str(AUDIO / "LJ001-0008.wav"),
                                status=1)
        self.assertEqual(["text" in line for line in lines], [True, False, True])
        self.assertIn("surpassed", lines[2]["text"])

    def test_silence_is_no_words(self):
        with wave.open(str(self.folder / "silence.wav"), "wb") as silence:
            silence.setnchannels(1)
            silence.setsampwidth(2)
            silence.setframerate(16000)
            silence.writeframes(bytes(2 * 32000))
        self.assertEqual(self.one("transcribe", "silence.wav")["text"], "")
        turn = self.one("ask", "--wav", "silence.wav")
        self.assertEqual((turn["transcript"], turn["reply"]), ("", ""))

    def test_speak_and_hear_again(self):
        self.coda("speak", "The weather station sends its numbers every morning.", "--out", "a.wav")
        heard = self.one("transcribe", "a.wav")["text"].lower()
        self.assertIn("numbers every morning", heard)

    def test_speak_failures(self):
        self.fails("speak", "", "--out", "a.wav", status=2, says=["empty"])
        self.fails("speak", "hello", "--out", "/dev/full", says=["No space left"])
        self.fails("speak", "hello", "--speaker", "no such device", says=["--out"])

    def test_phonemes(self):
        self.assertIn("həl", self.coda("speak", "--phonemes", "hello").stdout.decode())

    def test_bench(self):
        result = self.one("bench", "tts", "--rounds", "1")
        sentence = result["sentences"][0]
        self.assertGreater(sentence["first_audio_ms"]["median"], 0)
        self.assertGreaterEqual(sentence["first_audible_ms"]["median"], sentence["first_audio_ms"]["median"])
        clip = self.one("bench", "stt", "--rounds", "1", "--clips", str(AUDIO / "LJ001-0002.wav"))["clips"]
        self.assertEqual([entry["file"] for entry in clip], ["LJ001-0002.wav"])
        model = self.one("bench", "llm", "--rounds", "1", "--prompt", "40", "--generate", "5")
        self.assertEqual(model["generated_tokens"], 5)
        self.assertLessEqual(abs(model["prompt_tokens"] - 40), 4)
        self.assertGreater(model["load_ms"] + model["cold_first_token_ms"], 0)
        self.assertEqual(model["activations"]["bits"], "16")
        self.assertIn("coda models check", model["activations"]["reason"])
        forced = self.one("--set", "llm.activations=int8", "bench", "llm", "--rounds", "1", "--generate", "2")
        self.assertEqual(forced["activations"]["bits"], "8")
        self.assertGreater(self.one("bench", "memory")["read_bytes_per_second"], 1e7)

    def test_the_file_may_be_read_instead_of_mapped(self):
        read = self.one("--set", "llm.mmap=false", "bench", "llm", "--rounds", "1", "--generate", "2")
        self.assertEqual(read["generated_tokens"], 2)


class Chat(Cli):
    def test_two_turns_of_one_conversation(self):
        lines = self.json_lines("chat", stdin=b"remember that my locker code is 4719\n\nwhat is my locker code\n")
        self.assertEqual(len(lines), 2)
        self.assertIn("4719", lines[1]["reply"])

    def test_a_bad_line_does_not_end_it(self):
        lines = self.json_lines("chat", stdin=b"caf\xe9\nwhat is 2 plus 2")
        self.assertEqual(lines[0]["error"]["code"], "invalid_argument")
        self.assertIn("4", lines[1]["reply"])

    def test_a_timer_set_elsewhere_rings_here(self):
        with subprocess.Popen([CODA, "chat", "--json"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, env=self.environment) as run:
            run.stdin.write(b"how long is left on my timer\n")
            run.stdin.flush()
            self.assertIn("no timer", json.loads(run.stdout.readline())["reply"])
            told = self.one("ask", "--silent", "set a tea timer for one second")
            self.assertEqual(told["reply"], "Tea timer, 1 second, starting now.")
            line = json.loads(run.stdout.readline())
            self.assertEqual(line["reply"], "Your tea timer is done.")
            self.assertEqual(line["due"][0]["name"], "tea")
            run.stdin.close()
            self.assertEqual(run.wait(timeout=10), 0)

    def test_what_came_due_while_it_was_off_is_said_at_the_start(self):
        told = self.one("ask", "--silent", "set a timer for one second")
        self.assertIn("nothing is running", told["reply"])
        time.sleep(1.2)
        line = self.json_lines("chat", stdin=b"what is 2 plus 2\n")[0]
        self.assertEqual(line["reply"], "Your 1 second timer is done.")

    def test_a_program_of_the_list_runs_after_a_yes(self):
        witness = self.folder / "ran"
        programs = self.folder / "programs.toml"
        programs.write_text(f'[[program]]\nname = "the backup"\nargv = ["/usr/bin/touch", "{witness}"]\n')
        self.environment["CODA_TOOLS_PROGRAMS"] = str(programs)
        lines = self.json_lines("chat", stdin=b"run the backup\nno\nstart the backup\nyes please\n")
        self.assertEqual([line["reply"] for line in lines],
                         ["Shall I run the backup?", "Okay, I won't.", "Shall I run the backup?", "The backup is done."])
        self.assertTrue(witness.exists())

    def test_a_wrong_list_of_programs_is_named(self):
        programs = self.folder / "programs.toml"
        programs.write_text('[[program]]\nname = "x"\nargv = ["touch"]\n')
        self.environment["CODA_TOOLS_PROGRAMS"] = str(programs)
        run = self.coda("chat", stdin=b"what is 2 plus 2\n")
        self.assertIn(f"{programs}:1", run.stderr.decode())
        self.assertIn("absolute path", run.stderr.decode())

    def test_an_interrupt_ends_it_in_order(self):
        with subprocess.Popen([CODA, "chat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env=self.environment) as run:
            run.stdin.write(b"what time is it\n")
            run.stdin.flush()
            self.assertTrue(run.stdout.readline())
            started = time.monotonic()
            run.send_signal(signal.SIGINT)
            self.assertEqual(run.wait(timeout=10), 0)
            self.assertLess(time.monotonic() - started, 2)
            self.assertEqual(run.stderr.read(), b"")


class Talk(Cli):
    def talk(self, *more):
        return self.json_lines("talk", "--input", str(AUDIO / "spoken/plain-39.wav"), "--output", "out.wav", *more)

    def test_a_recording_at_real_pace(self):
        lines = self.talk()
        events = [line["event"] for line in lines]
        for event in ("speech_started", "speech_stopped", "turn_end", "transcript", "reply_clause", "first_audio",
                      "audio_done"):
            self.assertIn(event, events)
        self.assertEqual(events[-1], "summary")
        times = [line["t_ms"] for line in lines]
        self.assertTrue(all(isinstance(value, (int, float)) for value in times))
        self.assertIn("144", " ".join(line["text"] for line in lines if line["event"] == "reply_clause"))
        with wave.open(str(self.folder / "out.wav")) as out:
            self.assertEqual(out.getframerate(), 24000)
            self.assertGreater(out.getnframes() / 24000, 2)

    def test_the_virtual_clock_gives_the_same_log_twice(self):
        first = self.talk("--clock", "virtual")
        self.assertEqual(first, self.talk("--clock", "virtual"))
        self.assertNotIn("v2v_ms", first[-1])

    def test_no_audio_device_is_one_line(self):
        self.fails("talk", "--mic", "no such device", says=["microphone"])


class Models(Cli):
    GGUF = "smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf"

    def test_list(self):
        listed = self.one("models", "list")
        self.assertEqual(listed["added"], [])
        packaged = {model["id"]: model for model in listed["packaged"]}
        for name in ("smollm2-135m-instruct", "whisper-tiny.en", "hibari", "silero-vad", "smart-turn", "onnxruntime"):
            self.assertTrue(packaged[name]["installed"], name)
            self.assertTrue(packaged[name]["licence"])

    def test_add_use_and_remove(self):
        mine = self.folder / "mine.gguf"
        mine.symlink_to((data_dir() / "models" / self.GGUF).resolve())
        added = self.one("models", "add", str(mine), "--yes")
        self.assertEqual((added["role"], added["format"], added["architecture"]), ("llm", "GGUF", "llama"))
        shown = self.one("config", "show")["settings"]
        self.assertIn(added["path"], [row["value"] for row in shown if row["name"] == "llm.source"])
        self.assertTrue(self.one("models")["added"][0]["in_use"])
        self.assertTrue(self.one("ask", "--silent", "Why is the sky blue?")["reply"])
        self.one("models", "remove", added["name"], "--yes")
        self.assertEqual(self.one("models")["added"], [])
        self.assertTrue(mine.exists())
        shown = self.one("config", "show")["settings"]
        self.assertIn("", [row["value"] for row in shown if row["name"] == "llm.source"])

    def test_it_asks_first(self):
        run = self.coda("models", "add", str(data_dir() / "models" / self.GGUF), status=2)
        self.assertIn(b"--yes", run.stderr)
        self.assertEqual(self.one("models")["added"], [])

    def test_what_is_no_model(self):
        for path, says in ((ROOT / "README.md", "README.md"), (ROOT / "docs", "docs"), ("nowhere.gguf", "nowhere.gguf"),
                           (data_dir() / "models/hibari/vocab.json", "vocab.json")):
            self.fails("models", "add", str(path), "--yes", says=[says])
        self.fails("models", "remove", "nothing", "--yes", says=["nothing"])

    def test_find(self):
        hub = self.folder / "home/.cache/llama.cpp"
        hub.mkdir(parents=True)
        (hub / "mine.gguf").symlink_to((data_dir() / "models" / self.GGUF).resolve())
        (hub / "broken.gguf").write_bytes(b"GGUF")
        environment = {"HOME": str(self.folder / "home"), "XDG_CACHE_HOME": "", "LLAMA_CACHE": "", "HF_HOME": "",
                       "HF_HUB_CACHE": "", "OLLAMA_MODELS": ""}
        found = self.one("models", "find", environment=environment)["found"]
        usable = {pathlib.Path(model["path"]).name: model["usable"] for model in found if model["path"]}
        self.assertEqual(usable, {"mine.gguf": True, "broken.gguf": False})

    def test_plan(self):
        plan = self.one("models", "plan", str(data_dir() / "models" / self.GGUF))
        self.assertTrue(plan["fits"])
        self.assertGreater(plan["activation_bytes"], 0)
        # Memory is measured once, and then what was kept is told with its date.
        self.assertGreater(plan["expected_tokens_per_second"], 1)
        self.assertEqual(plan["expected_from"]["kind"], "estimated")
        again = self.one("models", "plan", str(data_dir() / "models" / self.GGUF))
        self.assertEqual(again["expected_from"], plan["expected_from"])
        self.assertIn("tokens/s at most, estimated",
                      self.coda("models", "plan", str(data_dir() / "models" / self.GGUF)).stdout.decode())
        self.assertEqual((plan["architecture"], round(plan["parameters"] / 1e6)), ("llama", 135))
        self.fails("models", "plan", "nowhere.gguf", says=["nowhere.gguf"])

    def test_check_is_kept_and_gone_by(self):
        tiny = str(ROOT / "tests/golden/llm/tiny-q4_0.gguf")
        self.assertEqual(self.one("models", "plan", tiny)["activations"], {"checked": False, "int8_share": 0})
        check = self.one("models", "check", tiny)
        self.assertGreaterEqual(check["positions"], 100)
        self.assertEqual(check["bound"], 1e-3)
        self.assertLessEqual(check["kl"], check["bound"])
        if check["kl_int8"] == 0:
            self.skipTest("this processor has no kernels for 8 bits of activation")
        self.assertEqual(check["int8_share"] == 1, check["kl_int8"] + check["kl_int8_error"] <= check["bound"])
        kept = self.one("models", "plan", tiny)["activations"]
        self.assertEqual({key: kept[key] for key in ("checked", "kl", "int8_share")},
                         {"checked": True, "kl": check["kl"], "int8_share": check["int8_share"]})
        bits = {0: "16", 1: "8"}.get(check["int8_share"], "8 and 16")
        used = self.one("bench", "llm", "--llm", tiny, "--rounds", "1", "--prompt", "8", "--generate", "2")
        self.assertEqual(used["activations"]["bits"], bits)
        self.fails("models", "check", "nowhere.gguf", says=["nowhere.gguf"])


class Doctor(Cli):
    COMPONENTS = {"configuration", "llm", "memory", "voice", "tools", "personality"}

    def test_all_is_well(self):
        report = self.one("doctor")
        self.assertTrue(report["ok"], report)
        self.assertLessEqual(self.COMPONENTS, {check["component"] for check in report["checks"]})
        for check in report["checks"]:
            self.assertIn(check["health"], ("ok", "warning", "skipped"), check)

    def test_missing_models_are_found_and_the_rest_still_checked(self):
        (self.folder / "data/models/whisper-tiny.en").unlink()
        report = self.one("doctor", status=1)
        failed = {check["id"] for check in report["checks"] if check["health"] == "failed"}
        self.assertEqual(failed, {"models.installed", "voice.hears_itself"})
        for check in report["checks"]:
            if check["health"] == "failed":
                self.assertIn("script/bootstrap", check["mend"])

    def test_a_wrong_configuration_is_found(self):
        self.configure("[llm]\ncontxt = 1\n")
        report = self.one("doctor", status=1)
        self.assertIn("configuration.valid", [c["id"] for c in report["checks"] if c["health"] == "failed"])

    def test_a_folder_that_cannot_be_written_to_is_found(self):
        (self.folder / "plain").write_text("a file where a folder should be")
        self.environment["CODA_CACHE_DIR"] = str(self.folder / "plain/cache")
        report = self.one("doctor", status=1)
        failed = [check for check in report["checks"] if check["health"] == "failed"]
        self.assertEqual([check["id"] for check in failed], ["files.cache"])
        self.assertIn("plain is no folder", failed[0]["message"])
        self.assertIn("CODA_CACHE_DIR", failed[0]["mend"])

    def test_devices_are_listed(self):
        listed = self.one("devices")
        for device in listed["devices"]:
            self.assertLessEqual({"id", "name", "input_channels", "output_channels"}, set(device))
        self.assertTrue(listed["gpu"]["name"] or listed["gpu"]["reason"])

    def test_the_gpu_can_be_switched_off_and_required(self):
        off = self.one("--set", "gpu.policy=off", "devices")
        self.assertEqual(off["gpu"], {"name": None, "reason": "gpu.policy is off"})
        if self.one("devices")["gpu"]["name"] is None:
            refused = self.one("--set", "gpu.policy=require", "ask", "what time is it", status=1)
            self.assertIn("gpu.policy is require", refused["error"]["what"])


if __name__ == "__main__":
    CODA = sys.argv.pop(1)
    unittest.main()
