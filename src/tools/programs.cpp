#include "tools/programs.h"

#include "base/toml.h"
#include "tools/phrases.h"
#include "tools/schema.h"
#include "tools/words.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <set>
#include <sstream>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace coda::tools {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr size_t kMostPrograms = 100, kMostWords = 64, kLongestText = 4096;
constexpr size_t kMostFile = size_t{1} << 20;
constexpr size_t kKept = 4000;   // bytes of output
constexpr size_t kSpoken = 300;  // of them said

// ---- the list

class ListReader {
  public:
    explicit ListReader(const std::string& where) : where_(where) {}

    Result<Programs> read(const toml::table& file) {
        Programs out;
        for (const auto& [key, node] : file) {
            if (key.str() != "program" || !node.is_array_of_tables())
                return wrong(node, fmt::format("'{}' is not known here", key.str()),
                             "write [[program]] blocks");
            for (const toml::node& entry : *node.as_array()) {
                CODA_TRY(Program program, read_program(*entry.as_table()));
                if (!names_.insert(program.name).second)
                    return wrong(entry, fmt::format("there are two of the name '{}'", program.name),
                                 "rename one");
                out.push_back(std::move(program));
                if (out.size() > kMostPrograms) return wrong(entry, "too many programs", "keep to 100");
            }
        }
        return out;
    }

  private:
    tl::unexpected<Error> wrong(const toml::node& at, const std::string& what, const char* mend) const {
        return fail(ErrorCode::invalid_argument, what, fmt::format("{}:{}", where_, at.source().begin.line),
                    mend);
    }

    Result<Program> read_program(const toml::table& entry) const {
        Program program;
        for (const auto& [key, node] : entry) {
            if (key.str() == "name") {
                if (!node.is_string()) return wrong(node, "name must be text", "name = \"the backup\"");
                program.name = node.as_string()->get();
            } else if (key.str() == "argv") {
                CODA_TRY(program.argv, texts(node, "argv"));
            } else if (key.str() == "say") {
                CODA_TRY(program.say, texts(node, "say"));
            } else if (key.str() == "timeout_s") {
                const auto* seconds = node.as_integer();
                if (!seconds || seconds->get() < 1 || seconds->get() > 600)
                    return wrong(node, "timeout_s must be a whole number from 1 to 600", "timeout_s = 10");
                program.timeout = std::chrono::seconds(seconds->get());
            } else if (key.str() == "stays") {
                if (!node.is_boolean()) return wrong(node, "stays must be true or false", "stays = true");
                program.stays = node.as_boolean()->get();
            } else {
                return wrong(node, fmt::format("'{}' is not known here", key.str()),
                             "a program has name, argv, say, timeout_s and stays");
            }
        }
        if (phrase_words(program.name).empty() || program.name.size() > 100)
            return wrong(entry, "a program needs a name that can be said", "name = \"the backup\"");
        if (program.argv.empty() || !program.argv.front().starts_with('/'))
            return wrong(entry, "argv must begin with the program's absolute path",
                         "argv = [\"/usr/bin/program\", \"argument\"]");
        return program;
    }

    Result<std::vector<std::string>> texts(const toml::node& node, const char* name) const {
        const toml::array* array = node.as_array();
        if (!array || array->size() > kMostWords)
            return wrong(node, fmt::format("{} must be an array of texts", name), "[\"one\", \"two\"]");
        std::vector<std::string> out;
        for (const toml::node& element : *array) {
            const auto* text = element.as_string();
            if (!text || text->get().size() > kLongestText || text->get().find('\0') != std::string::npos)
                return wrong(node, fmt::format("{} must be an array of texts", name), "[\"one\", \"two\"]");
            out.push_back(text->get());
        }
        return out;
    }

    const std::string& where_;
    std::set<std::string> names_;
};

// ---- running

struct Pipe {
    int read = -1, write = -1;
    ~Pipe() {
        if (read >= 0) ::close(read);
        if (write >= 0) ::close(write);
    }
};

struct Ended {
    int status = 0;  // as of waitpid
    std::string output;
    bool timed_out = false, cancelled = false;
};

// Starts it in a process group of its own, with nothing to read and what it prints going to `out` (-1:
// nowhere).
Result<pid_t> start(const Program& program, int out) {
    std::vector<char*> argv;
    for (const std::string& word : program.argv) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    for (const int descriptor : {STDOUT_FILENO, STDERR_FILENO}) {
        if (out >= 0)
            posix_spawn_file_actions_adddup2(&files, out, descriptor);
        else
            posix_spawn_file_actions_addopen(&files, descriptor, "/dev/null", O_WRONLY, 0);
    }
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
    pid_t child = 0;
    const int error = posix_spawn(&child, argv[0], &files, &attributes, argv.data(), environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    if (error != 0) return fail(ErrorCode::io, std::strerror(error), program.argv.front());
    return child;
}

// Reads until it has ended; then, or at the time-out, the whole group is gone.
Result<Ended> run_to_end(const Program& program, const ToolContext& context) {
    Pipe pipe;
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return fail(ErrorCode::io, std::strerror(errno), program.name);
    pipe.read = ends[0];
    pipe.write = ends[1];
    CODA_TRY(const pid_t child, start(program, pipe.write));
    ::close(std::exchange(pipe.write, -1));
    const auto deadline = steady_clock::now() + program.timeout;
    Ended ended;
    for (bool open = true, exited = false; !exited;) {
        pollfd reading{pipe.read, POLLIN, 0};
        if (open)
            ::poll(&reading, 1, 50);
        else
            ::poll(nullptr, 0, 10);
        if (open && reading.revents != 0) {
            char block[4096];
            const ssize_t count = ::read(pipe.read, block, sizeof block);
            open = count > 0;
            if (open)
                ended.output.append(block, std::min(static_cast<size_t>(count),
                                                    kKept - std::min(kKept, ended.output.size())));
        }
        exited = ::waitpid(child, &ended.status, WNOHANG) == child;
        if (exited) break;
        ended.timed_out = steady_clock::now() > deadline;
        ended.cancelled = context.cancel.cancelled();
        if (!ended.timed_out && !ended.cancelled) continue;
        ::kill(-child, SIGKILL);
        ::waitpid(child, &ended.status, 0);
        break;
    }
    ::kill(-child, SIGKILL);  // whatever it left behind
    return ended;
}

// The first line that it printed, without what cannot be said.
std::string first_line(const std::string& output) {
    std::string line = output.substr(0, std::min(output.find('\n'), kSpoken));
    std::replace_if(
        line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
    while (!line.empty() && (line.back() == ' ' || (line.back() & 0x80) != 0)) line.pop_back();
    return line;
}

// Programs that stay, started and not yet known to have ended.
using Children = std::vector<pid_t>;

Result<ToolResult> run(const Program& program, Children& children, const ToolContext& context) {
    std::erase_if(children, [](pid_t child) { return ::waitpid(child, nullptr, WNOHANG) != 0; });
    if (program.stays) {
        CODA_TRY(const pid_t child, start(program, -1));
        children.push_back(child);
        return ToolResult{fmt::format("Okay, {} is started.", program.name),
                          {{"program", program.name}, {"pid", child}}};
    }
    CODA_TRY(const Ended ended, run_to_end(program, context));
    if (ended.cancelled) return fail(ErrorCode::cancelled, "cancelled", program.name);
    const bool well = WIFEXITED(ended.status) && WEXITSTATUS(ended.status) == 0;
    json data = {{"program", program.name},
                 {"output", ended.output},
                 {"timed_out", ended.timed_out},
                 {"exit_status", WIFEXITED(ended.status) ? json(WEXITSTATUS(ended.status)) : json(nullptr)}};
    const std::string line = first_line(ended.output);
    const std::string said = line.empty() ? "" : fmt::format(" It says: {}", line);
    if (ended.timed_out)
        return ToolResult{fmt::format("{} took too long, and I stopped it.", capitalized(program.name)),
                          data};
    return ToolResult{
        fmt::format("{} {}.{}", capitalized(program.name), well ? "is done" : "has failed", said), data};
}

const Program* find(const Programs& programs, const std::string& name) {
    const std::vector<std::string> wanted = phrase_words(name);
    for (const Program& program : programs)
        for (const std::vector<std::string>& words : spoken_names(program))
            if (words == wanted) return &program;
    return nullptr;
}

}  // namespace

Result<Programs> parse_programs(std::string_view text, const std::string& where) {
    toml::parse_result result = toml::parse(text);
    if (!result)
        return fail(ErrorCode::bad_format, std::string(result.error().description()),
                    fmt::format("{}:{}", where, result.error().source().begin.line), "see docs/tools.md");
    return ListReader(where).read(result.table());
}

Result<Programs> read_programs(const std::filesystem::path& path) {
    std::error_code error;
    const bool there = std::filesystem::exists(path, error);
    if (!there && !error) return Programs{};
    std::ifstream file(path, std::ios::binary);
    if (!file) return fail(ErrorCode::io, "cannot be read", path.string(), "see to it that you may read it");
    std::string text(kMostFile + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<size_t>(std::max<std::streamsize>(file.gcount(), 0)));
    if (text.size() > kMostFile) return fail(ErrorCode::bad_format, "is larger than 1 MiB", path.string());
    return parse_programs(text, path.string());
}

std::vector<std::vector<std::string>> spoken_names(const Program& program) {
    std::vector<std::vector<std::string>> out;
    const auto put = [&](const std::string& name) {
        std::vector<std::string> words = phrase_words(name);
        if (words.size() > 1 && words.front() == "the") out.emplace_back(words.begin() + 1, words.end());
        if (!words.empty()) out.push_back(std::move(words));
    };
    put(program.name);
    for (const std::string& name : program.say) put(name);
    return out;
}

void add_programs(Registry& registry, const std::shared_ptr<const Programs>& programs) {
    if (!programs || programs->empty()) return;
    json names = json::array();
    std::chrono::milliseconds longest{0};
    for (const Program& program : *programs) {
        names.push_back(program.name);
        longest = std::max<milliseconds>(longest, program.timeout);
    }
    Tool tool{
        "run_program",
        "Runs one of the person's programs.",
        object_schema(
            {{"name", {{"type", "string"}, {"description", "one of: " + names.dump()}, {"maxLength", 200}}}},
            {"name"}),
        Safety::confirm,
        longest + milliseconds(2000),
        {},
        [programs, children = std::make_shared<Children>()](
            const json& arguments, const ToolContext& context) -> Result<ToolResult> {
            const Program* program = find(*programs, text_of(arguments, "name"));
            if (!program) return ToolResult{"That is no program that I may run.", {{"program", nullptr}}};
            return run(*program, *children, context);
        },
        "run your programs"};
    tool.question = [programs](const json& arguments) {
        const Program* program = find(*programs, text_of(arguments, "name"));
        return program ? fmt::format("Shall I run {}?", program->name) : std::string();
    };
    CODA_ASSERT(registry.add(std::move(tool)));
}

std::optional<Call> program_call(const Recognition& command) {
    if (command.name != "program.run") return std::nullopt;
    const auto slot = command.slots.find("program");
    if (slot == command.slots.end()) return std::nullopt;
    std::string name;
    for (const std::string& word : slot->second.words) name += (name.empty() ? "" : " ") + word;
    return Call{"run_program", {{"name", name}}};
}

}  // namespace coda::tools
