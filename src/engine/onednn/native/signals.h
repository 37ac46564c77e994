// oneDNN 2.6 keeps data of its matrix products below the stack pointer, where a signal handler writes too: a
// profiler's clock, or Ctrl-C, would corrupt memory. While its code runs, signals wait.

#pragma once

#ifndef _WIN32
#include <csignal>
#include <initializer_list>
#endif

#include "parallel.h"

namespace medrobust {

class SignalsWait {
 public:
#ifndef _WIN32
  SignalsWait() {
    sigset_t signals;
    sigfillset(&signals);
    for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT}) sigdelset(&signals, fault);
    pthread_sigmask(SIG_BLOCK, &signals, &before_);
  }
  ~SignalsWait() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsWait(const SignalsWait&) = delete;
  SignalsWait& operator=(const SignalsWait&) = delete;

 private:
  sigset_t before_;
#endif
};

// Wakes all threads of this one's team, and counts them. They keep the mask under which they were made: so every signal
// goes to a thread that is not in a kernel.
inline int MakeThreads() {
  int threads = 1;
#ifdef _OPENMP
  const SignalsWait wait;
  threads = 0;
#pragma omp parallel reduction(+ : threads)
  threads += 1;
#endif
  return threads;
}

}  // namespace medrobust
