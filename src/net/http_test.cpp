// Against a server of bare sockets in this process: each test gives it the bytes to answer with, right or
// wrong.
#include "net/http.h"

#include <atomic>
#include <chrono>
#include <cstring>
#include <thread>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace coda::net {
namespace {

using std::chrono::milliseconds;

double elapsed_ms(std::chrono::steady_clock::time_point since) {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - since).count();
}

// Accepts one connection after another, reads the request's head, and hands the socket to `answer`.
class Server {
  public:
    explicit Server(std::function<void(Server&, int socket)> answer) : answer_(std::move(answer)) {
        listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
        EXPECT_EQ(listen(listener_, 8), 0);
        getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
        port_ = ntohs(address.sin_port);
        thread_ = std::thread([this] { serve(); });
    }
    ~Server() {
        stopping_ = true;
        thread_.join();
        ::close(listener_);
    }

    std::string url(const std::string& path = "/") const {
        return "http://127.0.0.1:" + std::to_string(port_) + path;
    }
    // What arrived in the last request.
    std::string received;
    int connections = 0;

    static void say(int socket, const std::string& text) {
        EXPECT_EQ(::send(socket, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
    }
    // Waits for the client to hang up, or the test to end.
    void hang(int socket) const {
        while (!stopping_ && !wait_readable(socket)) {
        }
    }
    bool stopping() const { return stopping_; }

  private:
    static bool wait_readable(int socket) {
        pollfd waiting{socket, POLLIN, 0};
        return ::poll(&waiting, 1, 10) > 0;
    }
    void serve() {
        while (!stopping_) {
            if (!wait_readable(listener_)) continue;
            const int socket = ::accept(listener_, nullptr, nullptr);
            ++connections;
            read_request(socket);
            answer_(*this, socket);
            ::close(socket);
        }
    }
    void read_request(int socket) {
        received.clear();
        char block[4096];
        while (!stopping_ && received.find("\r\n\r\n") == std::string::npos) {
            if (!wait_readable(socket)) continue;
            const ssize_t count = ::recv(socket, block, sizeof block, 0);
            if (count <= 0) return;
            received.append(block, static_cast<size_t>(count));
        }
    }

    std::function<void(Server&, int)> answer_;
    std::atomic<bool> stopping_{false};
    int listener_ = -1;
    int port_ = 0;
    std::thread thread_;
};

std::string answer(const std::string& body, const std::string& status = "200 OK",
                   const std::string& headers = "") {
    return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\nContent-Type: Text/Plain; charset=utf-8\r\n" + headers + "\r\n" + body;
}

Result<HttpResponse> get(const std::string& url, const HttpClient::OnBody& on_body = nullptr) {
    HttpRequest request;
    request.url = url;
    request.idle_timeout_ms = 2000;
    return HttpClient().send(request, Cancel(), on_body);
}

TEST(Http, SendsMethodHeadersAndBody) {
    Server server([](Server&, int socket) { Server::say(socket, answer("fine")); });
    HttpRequest request;
    request.method = "POST";
    request.url = server.url("/v1/x?y=1");
    request.headers = {"Content-Type: application/json", "X-Key: secret"};
    request.body = "{}";
    const auto response = HttpClient().send(request, Cancel());
    ASSERT_TRUE(response) << response.error().message();
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->body, "fine");
    EXPECT_EQ(response->content_type, "text/plain");
    EXPECT_EQ(server.received.find("POST /v1/x?y=1 HTTP/1.1\r\n"), 0u) << server.received;
    EXPECT_NE(server.received.find("X-Key: secret\r\n"), std::string::npos);
    EXPECT_NE(server.received.find("Content-Length: 2\r\n"), std::string::npos);
}

TEST(Http, GivesOtherStatusesWithTheirBody) {
    Server server([](Server&, int socket) {
        Server::say(socket, answer("{\"error\":1}", "429 Too Many", "Retry-After: 7\r\n"));
    });
    int pieces = 0;
    const auto response = get(server.url(), [&](std::string_view) { return ++pieces > 0; });
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 429);
    EXPECT_EQ(response->body, "{\"error\":1}");
    EXPECT_EQ(response->retry_after, "7");
    EXPECT_EQ(pieces, 0) << "an error's body is not streamed";
}

TEST(Http, DoesNotFollowRedirects) {
    Server server([](Server&, int socket) {
        Server::say(socket, answer("", "302 Found", "Location: http://127.0.0.1:1/\r\n"));
    });
    const auto response = get(server.url());
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 302);
    EXPECT_EQ(response->location, "http://127.0.0.1:1/");
}

TEST(Http, StreamsPiecesAsTheyCome) {
    std::atomic<int> seen{0};
    Server server([&](Server& self, int socket) {
        Server::say(socket, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
        while (seen == 0 && !self.stopping()) std::this_thread::sleep_for(milliseconds(1));
        Server::say(socket, "3\r\ntwo\r\n0\r\n\r\n");
    });
    std::string text;
    const auto response = get(server.url(), [&](std::string_view piece) {
        text += piece;
        ++seen;
        return true;
    });
    ASSERT_TRUE(response) << response.error().message();
    EXPECT_EQ(text, "onetwo");
    EXPECT_TRUE(response->body.empty());
}

TEST(Http, TheCallerCanStopAStream) {
    Server server([](Server& self, int socket) {
        Server::say(socket, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
        self.hang(socket);
    });
    const auto response = get(server.url(), [](std::string_view) { return false; });
    ASSERT_TRUE(response) << response.error().message();
    EXPECT_EQ(response->status, 200);
}

TEST(Http, CancelIsSeenWithinFiftyMilliseconds) {
    Server server([](Server& self, int socket) { self.hang(socket); });
    HttpRequest request;
    request.url = server.url();
    const Cancel cancel;
    std::chrono::steady_clock::time_point cancelled_at;
    std::thread canceller([&] {
        std::this_thread::sleep_for(milliseconds(100));
        cancelled_at = std::chrono::steady_clock::now();
        cancel.cancel();
    });
    const auto response = HttpClient().send(request, cancel);
    canceller.join();
    EXPECT_LT(elapsed_ms(cancelled_at), 5000) << "hung: the server never answers";
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().code, ErrorCode::cancelled);
}

TEST(Http, NobodyThereIsUnavailable) {
    int port = 0;
    {
        port = std::stoi(Server([](Server&, int) {}).url("").substr(17));
    }
    const auto response = get("http://127.0.0.1:" + std::to_string(port));
    EXPECT_EQ(response.error().code, ErrorCode::unavailable);
    EXPECT_FALSE(response.error().mend.empty());
}

TEST(Http, SilenceIsATimeout) {
    Server server([](Server& self, int socket) { self.hang(socket); });
    HttpRequest request;
    request.url = server.url();
    request.idle_timeout_ms = 100;
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(HttpClient().send(request, Cancel()).error().code, ErrorCode::timeout);
    EXPECT_LT(elapsed_ms(start), 1000);
}

TEST(Http, SilenceInMidAnswerIsATimeoutToo) {
    Server server([](Server& self, int socket) {
        Server::say(socket, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
        self.hang(socket);
    });
    HttpRequest request;
    request.url = server.url();
    request.idle_timeout_ms = 100;
    EXPECT_EQ(HttpClient().send(request, Cancel()).error().code, ErrorCode::timeout);
}

TEST(Http, TheWholeExchangeCanBeBounded) {
    Server server([](Server& self, int socket) {
        Server::say(socket, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
        while (!self.stopping() && ::send(socket, "x", 1, MSG_NOSIGNAL) == 1)
            std::this_thread::sleep_for(milliseconds(10));
    });
    HttpRequest request;
    request.url = server.url();
    request.total_timeout_ms = 200;
    EXPECT_EQ(HttpClient().send(request, Cancel()).error().code, ErrorCode::timeout);
}

TEST(Http, ACutAnswerIsAnErrorAtEveryByte) {
    const std::string whole = answer("body");
    for (size_t size = 0; size < whole.size(); size += 5) {
        Server server([&](Server&, int socket) { Server::say(socket, whole.substr(0, size)); });
        const auto response = get(server.url());
        ASSERT_FALSE(response) << "cut to " << size;
        EXPECT_NE(response.error().code, ErrorCode::timeout);
    }
}

TEST(Http, AnotherProtocolIsNoHttp) {
    Server server([](Server&, int socket) { Server::say(socket, "SSH-2.0-OpenSSH_9.2\r\n"); });
    EXPECT_EQ(get(server.url()).error().code, ErrorCode::bad_format);
}

TEST(Http, AnswersAreBounded) {
    Server server([](Server& self, int socket) {
        Server::say(socket, "HTTP/1.1 200 OK\r\n\r\n");
        const std::string block(10000, 'x');
        while (!self.stopping() && ::send(socket, block.data(), block.size(), MSG_NOSIGNAL) > 0) {
        }
    });
    HttpRequest request;
    request.url = server.url();
    request.max_body_bytes = 100000;
    EXPECT_EQ(HttpClient().send(request, Cancel()).error().code, ErrorCode::exhausted);
}

TEST(Http, OneClientServesManyRequests) {
    Server server([](Server&, int socket) { Server::say(socket, answer("again")); });
    HttpClient client;
    HttpRequest request;
    request.url = server.url();
    for (int i = 0; i < 5; ++i) {
        const auto response = client.send(request, Cancel());
        ASSERT_TRUE(response) << response.error().message();
        EXPECT_EQ(response->body, "again");
    }
}

TEST(Http, WhatIsNoUrlIsRefused) {
    for (const char* url : {"", "http://", "file:///etc/passwd", "gopher://x", "http://[", "not a url"})
        EXPECT_FALSE(get(url)) << url;
    EXPECT_EQ(get("file:///etc/passwd").error().code, ErrorCode::invalid_argument);
}

TEST(DisplayedUrl, HasNoSecrets) {
    EXPECT_EQ(displayed_url("https://user:pass@host:1/v1?key=secret#x"), "https://host:1/v1");
    EXPECT_EQ(displayed_url("http://host/a@b"), "http://host/a@b");
    EXPECT_EQ(displayed_url("host"), "host");
}

}  // namespace
}  // namespace coda::net
