#include "net/http.h"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdlib>
#include <mutex>

#include <curl/curl.h>
#include <fmt/format.h>

namespace coda::net {
namespace {

constexpr int kPollMs = 20;  // between looks at Cancel

void init_curl_once() {
    static std::once_flag once;
    std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

struct EasyDelete {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct MultiDelete {
    void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
struct ListDelete {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Easy = std::unique_ptr<CURL, EasyDelete>;
using Multi = std::unique_ptr<CURLM, MultiDelete>;
using HeaderList = std::unique_ptr<curl_slist, ListDelete>;

using Time = std::chrono::steady_clock::time_point;

std::string lower(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    return result;
}

std::string_view trimmed(std::string_view text) {
    const size_t first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

// One exchange as curl's callbacks see it.
struct Exchange {
    const HttpRequest& request;
    const HttpClient::OnBody& on_body;
    CURL* easy;
    HttpResponse response;
    Time last_bytes = std::chrono::steady_clock::now();
    bool stopped_by_caller = false;
    bool too_large = false;
    bool has_headers = false;  // all of them

    bool streamed() const { return on_body && response.status >= 200 && response.status < 300; }

    bool take_body(std::string_view bytes) {
        last_bytes = std::chrono::steady_clock::now();
        long status = 0;
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
        response.status = static_cast<int>(status);
        if (streamed()) {
            stopped_by_caller = !on_body(bytes);
            return !stopped_by_caller;
        }
        too_large = response.body.size() + bytes.size() > request.max_body_bytes;
        if (!too_large) response.body += bytes;
        return !too_large;
    }

    void take_header(std::string_view line) {
        last_bytes = std::chrono::steady_clock::now();
        has_headers = line == "\r\n" || line == "\n";
        const size_t colon = line.find(':');
        if (colon == std::string_view::npos) return;
        const std::string name = lower(line.substr(0, colon));
        const std::string_view value = trimmed(line.substr(colon + 1));
        if (name == "content-type") response.content_type = lower(trimmed(value.substr(0, value.find(';'))));
        if (name == "retry-after") response.retry_after = value;
        if (name == "location") response.location = value;
    }
};

size_t on_curl_body(char* bytes, size_t, size_t count, void* exchange) {
    return static_cast<Exchange*>(exchange)->take_body({bytes, count}) ? count : CURL_WRITEFUNC_ERROR;
}

size_t on_curl_header(char* bytes, size_t, size_t count, void* exchange) {
    static_cast<Exchange*>(exchange)->take_header({bytes, count});
    return count;
}

// This machine is never reached through a proxy; setting the list replaces the environment's, so that goes
// along.
std::string no_proxy_list() {
    std::string list = "localhost,127.0.0.1,::1";
    for (const char* name : {"no_proxy", "NO_PROXY"}) {
        if (const char* value = std::getenv(name); value && *value) return list + "," + value;
    }
    return list;
}

bool has_http_scheme(const std::string& url) {
    const std::string scheme = lower(url.substr(0, url.find("://")));
    return scheme == "http" || scheme == "https";
}

Error no_url(const std::string& url) {
    return {ErrorCode::invalid_argument, "is no http:// or https:// URL", displayed_url(url),
            "write it as http://HOST:PORT/v1"};
}

Error curl_error(CURLcode code, const HttpRequest& request) {
    const std::string where = displayed_url(request.url);
    switch (code) {
        case CURLE_URL_MALFORMAT:
            return no_url(request.url);
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_RESOLVE_PROXY:
            return {ErrorCode::unavailable, "no such host", where, "check the name and the network"};
        case CURLE_COULDNT_CONNECT:
            return {ErrorCode::unavailable, "nothing answers there", where,
                    "start the server, or check the port"};
        case CURLE_OPERATION_TIMEDOUT:
            return {ErrorCode::timeout, "does not answer in time", where,
                    "see whether the server is stuck or busy"};
        case CURLE_GOT_NOTHING:
        case CURLE_PARTIAL_FILE:
        case CURLE_RECV_ERROR:
        case CURLE_SEND_ERROR:
            return {ErrorCode::unavailable, "the connection broke off", where, "look at the server's log"};
        case CURLE_PEER_FAILED_VERIFICATION:
            return {ErrorCode::unavailable, "its certificate is not trusted", where,
                    "use http:// on this machine, or install the server's certificate"};
        case CURLE_UNSUPPORTED_PROTOCOL:  // HTTP 0.9, or no HTTP at all
        case CURLE_WEIRD_SERVER_REPLY:
        case CURLE_BAD_CONTENT_ENCODING:
        case CURLE_HTTP2:
        case CURLE_HTTP2_STREAM:
        case CURLE_CHUNK_FAILED:
            return {ErrorCode::bad_format,
                    fmt::format("does not speak proper HTTP: {}", curl_easy_strerror(code)), where,
                    "check the port: another program may listen there"};
        default:
            return {ErrorCode::unavailable, lower(curl_easy_strerror(code)), where, ""};
    }
}

}  // namespace

struct HttpClient::Impl {
    Impl() {
        init_curl_once();
        multi.reset(curl_multi_init());
        easy.reset(curl_easy_init());
        CODA_ASSERT(multi && easy);
    }

    HeaderList configure(Exchange& exchange);
    Result<CURLcode> perform(Exchange& exchange, const Cancel& cancel);

    Multi multi;
    Easy easy;  // after multi: it goes first
};

HttpClient::HttpClient() : impl_(std::make_unique<Impl>()) {}
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;
HttpClient::~HttpClient() = default;

HeaderList HttpClient::Impl::configure(Exchange& exchange) {
    const HttpRequest& request = exchange.request;
    HeaderList headers;
    auto add = [&](const char* header) { headers.reset(curl_slist_append(headers.release(), header)); };
    for (const std::string& header : request.headers) add(header.c_str());
    add("Expect:");  // else curl waits a second before it sends a longer body

    CURL* handle = easy.get();
    curl_easy_reset(handle);
    curl_easy_setopt(handle, CURLOPT_URL, request.url.c_str());
    curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    if (!request.body.empty() || request.method == "POST") {
        curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
        curl_easy_setopt(handle, CURLOPT_POSTFIELDS, request.body.c_str());
    }
    if (request.method == "HEAD") curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(handle, CURLOPT_USERAGENT, "coda");
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    const std::string no_proxy = no_proxy_list();
    curl_easy_setopt(handle, CURLOPT_NOPROXY, no_proxy.c_str());
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request.connect_timeout_ms));
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(request.total_timeout_ms));
    curl_easy_setopt(handle, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, &on_curl_body);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, &exchange);
    curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, &on_curl_header);
    curl_easy_setopt(handle, CURLOPT_HEADERDATA, &exchange);
    return headers;
}

Result<CURLcode> HttpClient::Impl::perform(Exchange& exchange, const Cancel& cancel) {
    const auto idle_limit = std::chrono::milliseconds(exchange.request.idle_timeout_ms);
    while (true) {
        int running = 0;
        curl_multi_perform(multi.get(), &running);
        int left = 0;
        if (const CURLMsg* message = curl_multi_info_read(multi.get(), &left)) return message->data.result;
        if (cancel.cancelled())
            return fail(ErrorCode::cancelled, "cancelled", displayed_url(exchange.request.url));
        const auto waited = std::chrono::steady_clock::now() - exchange.last_bytes;
        if (idle_limit.count() > 0 && waited > idle_limit)
            return fail(ErrorCode::timeout,
                        fmt::format("sent nothing for {} ms", exchange.request.idle_timeout_ms),
                        displayed_url(exchange.request.url), "see whether the server is stuck or busy");
        curl_multi_poll(multi.get(), nullptr, 0, kPollMs, nullptr);
    }
}

Result<HttpResponse> HttpClient::send(const HttpRequest& request, const Cancel& cancel,
                                      const OnBody& on_body) {
    if (cancel.cancelled()) return fail(ErrorCode::cancelled, "cancelled", displayed_url(request.url));
    if (!has_http_scheme(request.url)) return tl::unexpected(no_url(request.url));
    CURL* easy = impl_->easy.get();
    Exchange exchange{request, on_body, easy, {}};
    const HeaderList headers = impl_->configure(exchange);
    curl_multi_add_handle(impl_->multi.get(), easy);
    const Result<CURLcode> code = impl_->perform(exchange, cancel);
    curl_multi_remove_handle(impl_->multi.get(), easy);

    if (exchange.stopped_by_caller) return std::move(exchange.response);
    if (exchange.too_large)
        return fail(ErrorCode::exhausted,
                    fmt::format("answers with more than {} bytes", request.max_body_bytes),
                    displayed_url(request.url), "check that the address is the one you mean");
    if (!code) return tl::unexpected(code.error());
    if (*code != CURLE_OK) return tl::unexpected(curl_error(*code, request));
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    exchange.response.status = static_cast<int>(status);
    // curl takes an answer that ends within its headers for a whole one.
    if (!exchange.has_headers)
        return tl::unexpected(
            curl_error(status == 0 ? CURLE_WEIRD_SERVER_REPLY : CURLE_PARTIAL_FILE, request));
    return std::move(exchange.response);
}

std::string displayed_url(const std::string& url) {
    std::string shown = url.substr(0, url.find_first_of("?#"));
    const size_t scheme = shown.find("://");
    const size_t host = scheme == std::string::npos ? 0 : scheme + 3;
    const size_t path = shown.find('/', host);
    const size_t at = shown.rfind('@', path);
    if (at != std::string::npos && at >= host) shown.erase(host, at - host + 1);
    return shown;
}

}  // namespace coda::net
