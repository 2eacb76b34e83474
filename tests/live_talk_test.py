#!/usr/bin/env python3
"""coda talk on a microphone and a speaker: two null sinks of a PulseAudio of its own stand for the room.

  tests/live_talk_test.py PATH_OF_CODA

A recording is played into the room that the microphone hears; what comes out of the speaker is recorded and heard by
coda transcribe. Needs pulseaudio, pulseaudio-utils and libasound2-plugins (script/bootstrap --tests).
"""
import array
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import wave

AUDIO = pathlib.Path(__file__).resolve().parent / "data/audio"
CODA = None  # set from the command line
ASOUND = """</usr/share/alsa/alsa.conf>
pcm.!default { type pulse }
ctl.!default { type pulse }
pcm.testmic { type pulse device room.monitor }
pcm.testspeaker { type pulse device speaker }
"""


class LiveTalk(unittest.TestCase):
    def setUp(self):
        owner = tempfile.TemporaryDirectory()
        self.addCleanup(owner.cleanup)
        self.folder = pathlib.Path(owner.name)
        (self.folder / "asound.conf").write_text(ASOUND)
        data = os.environ.get("CODA_DATA_DIR") or str(
            pathlib.Path(os.environ.get("XDG_DATA_HOME") or pathlib.Path.home() / ".local/share") / "coda")
        socket = self.folder / "socket"
        self.environment = dict(os.environ, HOME=owner.name, XDG_RUNTIME_DIR=owner.name, PULSE_RUNTIME_PATH=owner.name,
                                PULSE_STATE_PATH=owner.name, PULSE_SERVER=f"unix:{socket}", CODA_DATA_DIR=data,
                                ALSA_CONFIG_PATH=str(self.folder / "asound.conf"))
        sinks = [word for name in ("room", "speaker") for word in
                 ("-L", f"module-null-sink sink_name={name} rate=48000 channels=2 format=float32le")]
        log = open(self.folder / "log", "wb")
        self.addCleanup(log.close)
        self.server = subprocess.Popen(
            ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--realtime=no",
             "--high-priority=no", "--disable-shm=yes", "--log-target=stderr", *sinks, "-L",
             f"module-native-protocol-unix auth-anonymous=1 socket={socket}"],
            stdout=log, stderr=log, env=self.environment)
        self.addCleanup(self.stop, self.server)
        for _ in range(500):
            if socket.exists():
                break
            time.sleep(0.01)
        self.assertTrue(socket.exists(), (self.folder / "log").read_text())

    def stop(self, process):
        process.kill()
        process.wait()

    def record_speaker(self):
        """What leaves the speaker until the recorder is stopped, as 24 kHz mono."""
        raw = open(self.folder / "heard.raw", "wb")
        self.addCleanup(raw.close)
        recorder = subprocess.Popen(["parec", "--device=speaker.monitor", "--rate=24000", "--channels=1",
                                     "--format=s16le", "--latency-msec=50"], stdout=raw, env=self.environment)
        self.addCleanup(self.stop, recorder)
        return recorder

    def play_into_room(self, wav):
        subprocess.run(["paplay", "--device=room", str(wav)], env=self.environment, check=True, timeout=60)

    def test_a_spoken_question_is_answered_aloud(self):
        recorder = self.record_speaker()
        talk = subprocess.Popen([CODA, "talk", "--json", "--mic", "testmic", "--speaker", "testspeaker"],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self.environment)
        self.addCleanup(talk.stdout.close)
        self.addCleanup(talk.stderr.close)
        self.addCleanup(self.stop, talk)
        events = []
        done = threading.Event()

        def read():
            for line in talk.stdout:
                events.append(json.loads(line))
                if events[-1]["event"] in ("audio_done", "error"):
                    done.set()

        reader = threading.Thread(target=read)
        reader.start()
        self.assertIn("listening", talk.stderr.readline())
        time.sleep(3)  # an idle null sink works in blocks of two seconds at first
        self.play_into_room(AUDIO / "spoken/plain-39.wav")
        answered = done.wait(60)
        time.sleep(1)
        talk.send_signal(signal.SIGINT)
        self.assertEqual(talk.wait(timeout=10), 0)
        reader.join()
        recorder.terminate()
        recorder.wait()
        names = [event["event"] for event in events]
        self.assertTrue(answered, names)
        for name in ("speech_started", "turn_end", "transcript", "first_audio", "audio_done", "summary"):
            self.assertIn(name, names)
        self.assertNotIn("error", names)
        self.assertEqual(names.count("turn_end"), 1, "it heard itself")
        self.assertIn("144", self.heard_aloud())

    def heard_aloud(self):
        data = (self.folder / "heard.raw").read_bytes()
        samples = array.array("h", data[:len(data) & ~1])
        with wave.open(str(self.folder / "heard.wav"), "wb") as wav:
            wav.setparams((1, 2, 24000, 0, "NONE", ""))
            wav.writeframes(samples.tobytes())
        run = subprocess.run([CODA, "transcribe", str(self.folder / "heard.wav")], capture_output=True, text=True,
                             env=self.environment, check=True)
        return run.stdout


if __name__ == "__main__":
    CODA = sys.argv.pop(1)
    unittest.main()
