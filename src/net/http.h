// An HTTP client over libcurl: streamed answers, bounded in time and size, cancelled within 50 ms. Redirects
// are not followed (they would carry keys to other hosts); a proxy is taken from the environment as curl
// does, but never for this machine itself. Thread safety: an HttpClient belongs to one thread at a time;
// several clients may work at once.
#pragma once

#include "base/cancel.h"
#include "base/result.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace coda::net {

struct HttpRequest {
    std::string method = "GET";
    std::string url;                   // http:// or https://
    std::vector<std::string> headers;  // "Name: value"
    std::string body;
    int connect_timeout_ms = 2000;
    int idle_timeout_ms = 30000;               // longest wait for the next bytes; 0: none
    int total_timeout_ms = 0;                  // of the whole exchange; 0: none
    size_t max_body_bytes = size_t{16} << 20;  // of the answer as it is kept; a streamed one is not bounded
};

struct HttpResponse {
    int status = 0;
    std::string content_type;  // lower-case, without parameters
    std::string retry_after;   // as the server gives it
    std::string location;
    std::string body;  // empty where it was streamed
};

class HttpClient {
  public:
    HttpClient();
    HttpClient(HttpClient&&) noexcept;
    HttpClient& operator=(HttpClient&&) noexcept;
    ~HttpClient();

    // Gets the answer, whatever its status. `on_body`, where given, gets the pieces of a 2xx answer's body
    // instead of HttpResponse::body; returning false ends the exchange (which is no error). Connections are
    // kept and used again. Fails with unavailable (no such host, refused, broken off), timeout, cancelled,
    // exhausted (too large), bad_format (no HTTP), invalid_argument (the URL).
    using OnBody = std::function<bool(std::string_view)>;
    Result<HttpResponse> send(const HttpRequest& request, const Cancel& cancel,
                              const OnBody& on_body = nullptr);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// The URL without user, password and query, for messages.
std::string displayed_url(const std::string& url);

}  // namespace coda::net
