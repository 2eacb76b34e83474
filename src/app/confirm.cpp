#include "app/confirm.h"

#include <cstdio>
#include <iostream>

#include <unistd.h>

namespace coda::app {

Result<bool> confirm(const std::string& question, bool sure) {
    if (sure) return true;
    if (!isatty(STDIN_FILENO)) {
        return fail(ErrorCode::invalid_argument, "this needs an answer", "",
                    "run it on a terminal, or with --yes");
    }
    std::fprintf(stderr, "%s [y/N] ", question.c_str());
    std::string answer;
    std::getline(std::cin, answer);
    return !answer.empty() && (answer[0] == 'y' || answer[0] == 'Y');
}

}  // namespace coda::app
