#include <cstdio>

int main() {
    std::fputs("coda: nothing is built in yet\n", stderr);
    return 1;
}
