#!/usr/bin/env python3
"""A small server that speaks /v1/models and /v1/chat/completions, well or badly, for the tests of the client.

  openai_server.py              prints the port it listens on (loopback) and serves until its stdin is closed
  openai_server.py --requests N   serves so many requests instead

The first part of the path says how it behaves: http://127.0.0.1:PORT/<mode>/v1. The answer's text tells what was
asked: "echo: <last message>".
"""
import http.server
import json
import socket
import sys
import threading
import time

STATUSES = {
    "401": {"error": {"message": "Incorrect API key provided: sesame", "type": "invalid_request_error"}},
    "404": {"error": {"message": "model 'm' not found"}},
    "429": {"error": {"message": "quota used up"}},
    "500": {"detail": "out of cheese"},
    "400": {"error": {"message": "This model's maximum context length is 16 tokens."}},
}
MODELS = {"two-models": ["a", "b"], "no-models": [], "latest": ["m:latest"]}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def mode(self):
        return self.path.split("/")[1]

    def answer(self, status, body, content_type="application/json", headers=()):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        mode = self.mode()
        if not self.path.endswith("/v1/models"):
            return self.answer(404, {"detail": "Not Found"})
        if mode == "html":
            return self.answer(200, b"<html>hello</html>", "text/html")
        if mode == "key" and self.headers.get("Authorization") != "Bearer sesame":
            return self.answer(401, STATUSES["401"])
        if mode == "unlisted":
            return self.answer(404, {"detail": "Not Found"})
        if mode == "deaf":
            return self.wait()
        if mode == "moved":
            return self.answer(301, {}, headers=[("Location", "http://elsewhere/v1/models")])
        self.answer(200, {"object": "list", "data": [{"id": name} for name in MODELS.get(mode, ["m"])]})

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        mode = self.mode()
        if not self.path.endswith("/v1/chat/completions"):
            return self.answer(404, {"detail": "Not Found"})
        if mode in STATUSES:
            return self.answer(int(mode), STATUSES[mode], headers=[("Retry-After", "7")] if mode == "429" else ())
        if mode == "refuses-usage" and "stream_options" in request:
            return self.answer(422, {"detail": [{"msg": "extra field: stream_options"}]})
        if mode == "refuses-tools" and "tools" in request:
            return self.answer(400, {"error": {"message": "registry.example/m does not support tools"}})
        getattr(self, "post_" + mode.replace("-", "_"), self.post_fine)(request)

    def start(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True

    def send(self, text):
        self.wfile.write(text if isinstance(text, bytes) else text.encode())
        self.wfile.flush()

    def piece(self, text=None, reason=None, **more):
        delta = {} if text is None else {"content": text}
        chunk = {"choices": [{"index": 0, "delta": delta, "finish_reason": reason}], **more}
        self.send(f"data: {json.dumps(chunk)}\n\n")

    def words(self, request):
        return ["echo: "] + [word + " " for word in request["messages"][-1]["content"].split(" ")]

    def wait(self):
        """Until the client hangs up."""
        self.connection.settimeout(30)
        try:
            self.connection.recv(1)
        except OSError:
            pass
        self.close_connection = True

    def post_fine(self, request):
        self.start()
        self.send(": comment\n\n")
        self.send('data: {"choices":[{"delta":{"role":"assistant","content":null}}]}\n\n')
        for word in self.words(request):
            self.piece(word)
        self.piece(reason="stop")
        if "stream_options" in request:
            usage = {"prompt_tokens": 11, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 3}}
            self.send(f'data: {json.dumps({"choices": [], "usage": usage})}\n\n')
        self.send("data: [DONE]\n\n")

    def post_request(self, request):
        """The request itself as the answer; of the stop strings their number, for they would end it."""
        self.start()
        request["stop"] = len(request["stop"])
        self.piece(json.dumps(request), reason="stop")

    def calls(self, *deltas):
        self.send("data: " + json.dumps({"choices": [{"index": 0, "delta": {"tool_calls": list(deltas)}}]}) + "\n\n")

    def post_tools(self, request):
        """Two calls in pieces; once there are results, what came back."""
        self.start()
        results = [m for m in request["messages"] if m["role"] == "tool"]
        if results or request.get("tool_choice") == "none" or "tools" not in request:
            self.piece("<think>hm")
            self.piece("</think>got " + ", ".join(f"{m['tool_call_id']}={m['content']}" for m in results), reason="stop")
        else:
            name = request["tools"][0]["function"]["name"]
            self.piece("Let me see. ")
            self.calls({"index": 0, "id": "id0", "type": "function", "function": {"name": name, "arguments": ""}})
            self.calls({"index": 0, "function": {"arguments": "{\"pla"}})
            self.calls({"index": 0, "function": {"arguments": "ce\": \"Bern\"}"}},
                       {"index": 1, "id": "id1", "function": {"name": name, "arguments": "{}"}})
            self.calls({"index": 2, "id": "id2", "function": {"name": name, "arguments": "{broken"}})
            self.piece(reason="tool_calls")
        self.send("data: [DONE]\n\n")

    def post_tools_whole(self, request):
        function = {"name": request["tools"][0]["function"]["name"], "arguments": {"place": "Bern"}}
        message = {"role": "assistant", "content": None, "tool_calls": [{"id": "id0", "function": function}]}
        self.answer(200, {"choices": [{"message": message, "finish_reason": "tool_calls"}]})

    def post_many_calls(self, request):
        self.start()
        for index in range(100):
            self.calls({"index": index, "id": f"id{index}", "function": {"name": "t", "arguments": "{}"}})

    def post_whole(self, request):
        message = {"role": "assistant", "content": "".join(self.words(request))}
        self.answer(200, {"choices": [{"message": message, "finish_reason": "length"}], "usage": {"prompt_tokens": 9}})

    def post_hang(self, request):
        self.start()
        self.piece("one ")
        self.wait()

    def post_deaf(self, request):
        self.wait()

    def post_cut(self, request):
        self.start()
        self.piece("one ")
        self.send('data: {"choices":[{"del')

    def post_reset(self, request):
        self.start()
        self.piece("one ")
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.connection.close()

    def post_garbage(self, request):
        self.start()
        self.send(b"data: \xff\xfe{]\n\n")

    def post_binary(self, request):
        self.start()
        self.send(bytes(range(256)) * 64)

    def post_nothing(self, request):
        self.start()

    def post_html(self, request):
        self.answer(200, b"<html>hello</html>", "text/html")

    def post_odd(self, request):
        self.answer(200, {"choices": [{"message": {"content": ["no", "text"]}}]})

    def post_error(self, request):
        self.start()
        self.piece("one ")
        self.send('data: {"error": {"message": "CUDA out of memory\\nat line 3"}}\n\n')

    def post_endless(self, request):
        self.start()
        try:
            while True:
                self.piece("word " * 100)
        except OSError:
            pass

    def post_slow(self, request):
        self.start()
        for word in ["one ", "two ", "three "]:
            self.piece(word)
            time.sleep(0.15)
        self.piece(reason="stop")

    def post_split(self, request):
        self.start()
        for byte in 'data: {"choices":[{"delta":{"content":"é 👍"},"finish_reason":"stop"}]}\r\n\r\n'.encode():
            self.send(bytes([byte]))


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_):
        """A client that hangs up is part of the tests."""


if __name__ == "__main__":
    server = Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    print(server.server_address[1], flush=True)
    if sys.argv[1:2] == ["--requests"]:
        server.timeout = 30
        server.block_on_close = True
        server.daemon_threads = False
        for _ in range(int(sys.argv[2])):
            server.handle_request()
        server.server_close()
    else:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        sys.stdin.read()
