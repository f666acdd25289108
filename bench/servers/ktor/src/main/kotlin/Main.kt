// The contract's server (contract.mjs) on Ktor: `java Main cio|netty <port>`, written as its documentation writes an echo.

import io.ktor.server.application.install
import io.ktor.server.cio.CIO
import io.ktor.server.engine.embeddedServer
import io.ktor.server.netty.Netty
import io.ktor.server.routing.routing
import io.ktor.server.websocket.WebSockets
import io.ktor.server.websocket.webSocket
import io.ktor.websocket.DefaultWebSocketSession
import io.ktor.websocket.Frame
import java.util.concurrent.ConcurrentHashMap
import kotlin.concurrent.thread
import kotlin.system.exitProcess
import kotlinx.coroutines.runBlocking
import sun.misc.Signal

private val listeners: MutableSet<DefaultWebSocketSession> = ConcurrentHashMap.newKeySet()

fun main(arguments: Array<String>) {
    val engine = if (arguments[0] == "cio") CIO else Netty
    val server = embeddedServer(engine, port = arguments[1].toInt(), host = "127.0.0.1") {
        install(WebSockets) { maxFrameSize = 16L * 1024 * 1024 }
        routing {
            webSocket("/") {
                for (frame in incoming) outgoing.send(copyOf(frame))
            }
            webSocket("/fan") {
                listeners += this
                try {
                    for (frame in incoming) {
                        for (other in listeners) if (other !== this) other.outgoing.trySend(copyOf(frame))
                    }
                } finally {
                    listeners -= this
                }
            }
        }
    }
    server.start(wait = false)
    val port = runBlocking { server.engine.resolvedConnectors().first().port }
    Signal.handle(Signal("USR2")) {
        System.gc()
        println("COLLECTED")
    }
    thread(isDaemon = true) {
        while (System.`in`.read() >= 0) Unit
        exitProcess(0)
    }
    println("READY $port")
    Thread.currentThread().join()
}

private fun copyOf(frame: Frame): Frame = when (frame) {
    is Frame.Text -> Frame.Text(true, frame.data)
    else -> Frame.Binary(true, frame.data)
}
