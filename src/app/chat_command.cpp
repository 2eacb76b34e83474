// coda chat: a typed conversation; answers appear as they are made.
#include "app/command.h"
#include "app/loading.h"
#include "app/memory_file.h"
#include "app/text_input.h"
#include "app/turn_json.h"

#include <unistd.h>

namespace coda::app {
namespace {

void prompt(Context& context) {
    if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)) context.output.text("you> ");
}

// One line and its answer; a failed turn is reported and the conversation goes on.
bool turn(Context& context, assistant::Engine& engine, assistant::Session& session,
          const std::string& words) {
    bool first = true;
    const auto on_clause = [&](const std::string& clause) {
        context.output.text((first ? "" : " ") + one_line(clause));
        first = false;
        return !context.cancel.cancelled();
    };
    const auto report = session.ask(words, context.cancel, on_clause, nullptr);
    if (!first) context.output.text("\n");
    if (!report) {
        context.output.fail(report.error());
        return !context.cancel.cancelled();
    }
    if (!report->reply.notice.empty()) context.output.note(report->reply.notice);
    context.output.object(to_json(*report, engine, std::nullopt));
    return !report->reply.end_conversation && !context.cancel.cancelled();
}

// Says what has come due since; a person who is typing finds the prompt again below it.
void announce(Context& context, assistant::Engine& engine, assistant::Session& session) {
    const auto due = session.due();
    if (!due || !*due) return;
    const auto report = session.announce(context.cancel, {}, {});
    if (!report) {
        context.output.fail(report.error());
        return;
    }
    if (report->reply.text.empty()) return;
    if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)) context.output.text("\n");
    context.output.line(one_line(report->reply.text));
    nlohmann::json line = to_json(*report, engine, std::nullopt);
    line["due"] = report->reply.due;
    context.output.object(line);
    prompt(context);
}

Result<int> chat(Context& context) {
    Parts parts;
    parts.llm = Parts::required;
    parts.embeddings = true;
    CODA_TRY(auto engine, load_engine(context, parts));
    auto options = session_options(context, *engine, Attends::yes);
    options.speak_replies = false;
    CODA_TRY(auto session, assistant::Session::create(*engine, options));
    if (isatty(STDIN_FILENO))
        context.output.note("type and press Enter; an empty end of input (Ctrl-D) ends it");

    LineReader lines;
    std::string line;
    for (;;) {
        prompt(context);
        announce(context, *engine, *session);
        const LineReader::Status status =
            lines.next(line, context.cancel, [&] { announce(context, *engine, *session); });
        if (status == LineReader::Status::end) return kOk;
        if (status == LineReader::Status::cancelled) return kOk;
        if (status == LineReader::Status::too_long) {
            context.output.fail({ErrorCode::invalid_argument, "the line is too long", "standard input", {}});
            continue;
        }
        if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
        const auto words = checked_text(line, "the line");
        if (!words) {
            context.output.fail(words.error());
        } else if (!turn(context, *engine, *session, *words)) {
            return kOk;
        }
    }
}

}  // namespace

void add_chat(Commands& commands) {
    CLI::App* command = commands.root().add_subcommand("chat", "Type with Coda; answers are streamed");
    commands.on(command, [](Context& context) {
        const auto status = chat(context);
        return status ? *status : context.output.fail(status.error());
    });
}

}  // namespace coda::app
