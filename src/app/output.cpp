#include "app/output.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include <unistd.h>

namespace coda::app {

nlohmann::json to_json(const Error& error) {
    return {
        {"code", to_string(error.code)}, {"what", error.what}, {"where", error.where}, {"mend", error.mend}};
}

std::string one_line(std::string_view text) {
    std::string line(text);
    for (char& c : line) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
    }
    return line;
}

void Output::text(std::string_view text) {
    if (!json_) write(text);
}

void Output::line(std::string_view text) {
    this->text(std::string(text) + "\n");
}

void Output::object(const nlohmann::json& object) {
    if (!json_) return;
    // Text from models and files may break UTF-8; JSON must not.
    write(object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

void Output::note(std::string_view text) {
    std::lock_guard lock(mutex_);
    end_progress();
    std::fprintf(stderr, "coda: %s\n", one_line(text).c_str());
}

void Output::progress(std::string_view text) {
    static const bool terminal = isatty(STDERR_FILENO) != 0;
    if (!terminal) return;
    std::lock_guard lock(mutex_);
    end_progress();
    if (text.empty()) return;
    std::fprintf(stderr, "%s", one_line(text).c_str());
    std::fflush(stderr);
    progress_shown_ = true;
}

int Output::fail(const Error& error) {
    if (error.code == ErrorCode::cancelled && cancel_.cancelled())
        return kFailed;  // the person stopped it and knows
    note(error.message());
    object({{"error", to_json(error)}});
    return error.code == ErrorCode::invalid_argument ? kUsage : kFailed;
}

int Output::finish(int status) {
    std::lock_guard lock(mutex_);
    end_progress();
    if (write_error_ == 0) return status;
    if (write_error_ != EPIPE)
        std::fprintf(stderr, "coda: standard output: %s\n", std::strerror(write_error_));
    return kFailed;
}

void Output::write(std::string_view text) {
    std::lock_guard lock(mutex_);
    if (write_error_ != 0) return;
    end_progress();
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) {
        write_error_ = errno;
        cancel_.cancel();
    }
}

void Output::end_progress() {
    if (!progress_shown_) return;
    std::fputs("\r\033[K", stderr);
    progress_shown_ = false;
}

}  // namespace coda::app
