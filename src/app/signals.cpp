#include "app/signals.h"

#include <csignal>
#include <thread>

#include <unistd.h>

namespace coda::app {

void cancel_on_signals(const Cancel& cancel) {
    std::signal(SIGPIPE, SIG_IGN);
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    // The thread lives as long as the process: nothing waits for it and it owns nothing but its copy of the
    // token.
    std::thread([signals, cancel] {
        int received = 0;
        sigwait(&signals, &received);
        cancel.cancel();
        sigwait(&signals, &received);
        _exit(128 + received);
    }).detach();
}

}  // namespace coda::app
